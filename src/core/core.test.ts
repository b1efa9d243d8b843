import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { seed } from '#test/support/seed.ts';
import { text, optional, word } from './arguments.ts';
import { toRfc3339 } from './clock.ts';
import { usage } from './command.ts';
import { badRequest, conflict, noSession, notReady, refused, tooFast, unknown } from './errors.ts';
import { newCode, newId, newSecret } from './ids.ts';
import { LIMITS } from './limits.ts';
import { rateTable } from './rate.ts';

describe('a rate', () => {
  const rate = { uses: 3, perSeconds: 10 };
  const held = () => {
    const time = { now: 0 };
    return { time, table: rateTable(() => time.now) };
  };

  test('gives so many uses, then says how long to wait, and counts no refused use', () => {
    const { time, table } = held();
    assert.deepEqual(
      [1, 2, 3].map(() => table.take('ann', rate)),
      [0, 0, 0],
    );
    time.now = 4_000;
    assert.deepEqual([table.take('ann', rate), table.take('ann', rate)], [6, 6]);
    time.now = 9_999;
    assert.equal(table.take('ann', rate), 1);
    time.now = 10_000;
    assert.equal(table.take('ann', rate), 0);
  });

  test('is each key’s own', () => {
    const { table } = held();
    for (const _use of [1, 2, 3]) table.use('ann', rate);
    assert.ok(table.wait('ann', rate) > 0);
    assert.equal(table.wait('bob', rate), 0);
  });

  test('asking how long costs nothing', () => {
    const { table } = held();
    for (let n = 0; n < 10; n++) assert.equal(table.wait('ann', rate), 0);
    assert.equal(table.size, 0);
  });

  test('forgets the oldest key when there are too many, so that memory stays bounded', () => {
    const { table } = held();
    for (let n = 0; n < LIMITS.rateKeys + 5; n++) table.use(`key ${n}`, { uses: 1, perSeconds: 60 });
    assert.equal(table.size, LIMITS.rateKeys);
    assert.equal(table.wait('key 0', { uses: 1, perSeconds: 60 }), 0);
    assert.ok(table.wait(`key ${LIMITS.rateKeys}`, { uses: 1, perSeconds: 60 }) > 0);
  });

  test('never lets more through in one window than it has uses, whenever people come', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 100 });
    fc.assert(
      fc.property(steps, (gaps) => {
        const { time, table } = held();
        let left = 0;
        let since = -Infinity;
        for (const gap of gaps) {
          time.now += gap;
          if (time.now >= since + 10_000) [left, since] = [3, time.now];
          assert.equal(table.take('ann', rate) === 0, left-- > 0);
        }
      }),
      { seed },
    );
  });
});

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
