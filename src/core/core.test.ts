import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { seed } from '#test/support/seed.ts';
import { text, optional, word } from './arguments.ts';
import { toRfc3339 } from './clock.ts';
import { usage } from './command.ts';
import { badRequest, conflict, noSession, notReady, refused, tooFast, unknown } from './errors.ts';
import { newCode, newId, newSecret } from './ids.ts';

describe('ids', () => {
  test('have the prefix of their kind and no two are the same', () => {
    const ids = Array.from({ length: 10_000 }, () => newId('room'));
    assert.match(ids[0] ?? '', /^room_[0-9A-HJKMNP-TV-Z]{26}$/);
    assert.equal(new Set(ids).size, ids.length);
  });

  test('sort by the time they were made at', () => {
    const times = fc.tuple(fc.nat(2 ** 45), fc.nat(2 ** 45)).filter(([a, b]) => a !== b);
    fc.assert(
      fc.property(times, ([a, b]) => newId('msg', a) < newId('msg', b) === a < b),
      { seed },
    );
  });

  test('secrets go into an address as they are, codes can be read aloud', () => {
    assert.match(newSecret(), /^[\w-]{43}$/);
    assert.notEqual(newSecret(), newSecret());
    assert.match(newCode(4), /^([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}$/);
  });
});

describe('errors', () => {
  test('each has its status, a code for programs, and says whose fault it is', () => {
    const all = [
      badRequest('bad-name', 'x'),
      noSession(),
      refused('no', 'x', 'r'),
      unknown('room'),
      conflict('taken', 'x'),
    ];
    const told = [...all, tooFast(2), notReady('busy', 'x')].map(
      ({ status, code, fault }) => `${status} ${code} ${fault}`,
    );
    assert.deepEqual(told, [
      '400 bad-name caller',
      '401 no-session caller',
      '403 no caller',
      '404 unknown-room caller',
      '409 taken caller',
      '429 too-fast caller',
      '503 busy ours',
    ]);
  });

  test('a wait is told in whole seconds, one at least', () => {
    assert.deepEqual([tooFast(0.2).retryAfter, tooFast(1.2).retryAfter], [1, 2]);
    assert.match(tooFast(0.2).message, /in a second\./);
    assert.match(tooFast(7).message, /in 7 seconds\./);
  });
});

test('times leave as RFC 3339 in UTC', () => assert.equal(toRfc3339(1), '1970-01-01T00:00:00.001Z'));

test('a command’s form shows what may be left out in brackets', () => {
  assert.equal(usage({ name: 'lend', args: { item: word('x'), note: optional(text('y')) } }), '/lend item [note]');
});
