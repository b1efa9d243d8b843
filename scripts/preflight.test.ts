import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

const preflight: { problem(version: string): string } = createRequire(import.meta.url)('./preflight.cjs');

test('an old Node is told what is missing and what to do', () => {
  const text = preflight.problem('20.20.2');
  assert.match(text, /needs Node 24 or newer\. This is Node 20\.20\.2/);
  assert.match(text, /npm ci --include=optional/);
});

test('Node 24 and whatever comes after it may start', () => {
  assert.equal(preflight.problem('24.0.0'), '');
  assert.equal(preflight.problem('100.1.0'), '');
});
