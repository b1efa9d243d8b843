import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { REQUEST_AGE_MS } from '#contracts/vault.ts';
import { replays } from './replays.ts';

/** A vault that has run for an hour, and its clock. */
function memory(upFor = 3_600_000) {
  let now = 1_700_000_000_000;
  const began = now - upFor;
  const taken = replays(
    () => now,
    () => now - began,
  );
  const take = (caller: string, id: string, at = now): void => taken.take(caller, { id, at: String(at) });
  return { take, pass: (ms: number) => void (now += ms), now: () => now };
}

const id = (n: number): string => String(n).padStart(16, '0');
const replayed = { code: 'replayed' };

describe('what the vault remembers of requests', () => {
  test('is each for as long as it would be believed', () => {
    const { take, pass, now } = memory();
    // From a clock that is ahead, so that it is believed longest.
    const made = now() + 4_000;
    take('hall', id(1), made);
    for (let ms = 0; ms < REQUEST_AGE_MS + 3_000; ms += 1_000) {
      assert.throws(() => take('hall', id(1), made), replayed, `after ${ms} ms`);
      pass(1_000);
      take('hall', id(100 + ms));
    }
    pass(2_000);
    assert.throws(() => take('hall', id(1), made), replayed);
  });

  test('is each caller’s own', () => {
    const { take } = memory();
    take('hall', id(1));
    take('worker', id(1));
    assert.throws(() => take('worker', id(1)), replayed);
  });

  test('is bounded: who asks too much is told to wait, others are not, and later it goes on', () => {
    const { take, pass } = memory();
    const flood = (): void => {
      for (let n = 0; n < 200_000; n++) take('hall', id(n));
    };
    assert.throws(flood, { code: 'busy', status: 503 });
    assert.throws(() => take('hall', id(7)), replayed, 'it forgot one');
    take('worker', id(1));
    pass(3 * REQUEST_AGE_MS);
    take('hall', id(1));
  });

  test('is forgotten in time though the clock is set back by hours', () => {
    let [now, up] = [1_700_000_000_000, 60_000];
    const { take } = replays(
      () => now,
      () => up,
    );
    const flood = (from: number): void => {
      for (let n = 0; n < 60_000; n++) take('all', { id: id(from + n), at: String(now) });
    };
    flood(0);
    now -= 2 * 3_600_000;
    for (const from of [100_000, 200_000, 300_000]) {
      [now, up] = [now + 3 * REQUEST_AGE_MS, up + 3 * REQUEST_AGE_MS];
      flood(from);
    }
  });

  test('is nothing of the process before, so that it takes no request from then', () => {
    const { take, now, pass } = memory(2_000);
    assert.throws(() => take('hall', id(1), now() - 2_001), replayed);
    take('hall', id(1), now() - 1_999);
    pass(60_000);
    take('hall', id(2), now() - REQUEST_AGE_MS);
  });
});
