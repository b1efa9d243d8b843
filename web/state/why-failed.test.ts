import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyFailed } from './why-failed.ts';

test('why a job failed is told by its kind, with the raw words beside it', () => {
  const rows = [
    ['TypeError: fetch failed', 'unreached'],
    ['Error: connect ECONNREFUSED 127.0.0.1:9', 'unreached'],
    ['TimeoutError: The operation was aborted due to timeout', 'late'],
    ['no handler for weather', 'unknown'],
    ["TypeError: Cannot read properties of undefined (reading 'close')", 'unforeseen'],
  ] as const;
  for (const [raw, kind] of rows) assert.deepEqual(whyFailed(raw), { kind, raw });
});

test('what the program wrote for people is made a sentence, and an empty note is told as none', () => {
  const said = 'The quote service answered 404.';
  assert.deepEqual(whyFailed('Error: the quote service answered 404'), { kind: 'told', said });
  assert.deepEqual([whyFailed(null), whyFailed('')], [{ kind: 'none' }, { kind: 'none' }]);
});
