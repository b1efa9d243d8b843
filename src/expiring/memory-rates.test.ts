import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { AppError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { needUse, type RateUse } from '#core/rate.ts';
import { seed } from '#test/support/seed.ts';
import { memoryRates } from './memory-rates.ts';

describe('a rate in memory', () => {
  const rate = { uses: 3, perSeconds: 10 };
  const held = () => {
    const time = { now: 0 };
    const rates = memoryRates(() => time.now);
    const wait = async (key: string, more: Partial<RateUse> = {}) => {
      const taken = await rates.take([{ key, rate, ...more }]);
      return taken.ok ? 0 : taken.wait;
    };
    return { time, rates, wait };
  };

  test('gives so many uses in a window that begins with the first, and whole seconds to wait after them', async () => {
    const { time, wait } = held();
    for (const _use of [1, 2, 3]) assert.equal(await wait('ann'), 0);
    time.now = 4_000;
    for (const _use of [1, 2]) assert.equal(await wait('ann'), 6);
    time.now = 9_999;
    assert.equal(await wait('ann'), 1);
    time.now = 10_000;
    assert.equal(await wait('ann'), 0);
  });

  test('holds nobody for ever where the clock was set back', async () => {
    const { time, wait } = held();
    time.now = 3_600_000;
    for (const _use of [1, 2, 3]) await wait('ann', { cooldownSeconds: 0 });
    time.now = 0;
    assert.equal(await wait('ann', { cooldownSeconds: 5 }), 0);
  });

  test('forgets the oldest window when there are too many, so that memory stays bounded', async () => {
    const { rates, wait } = held();
    const one = { rate: { uses: 1, perSeconds: 60 } };
    for (let n = 0; n < LIMITS.rateKeys + 5; n++) await wait(`key ${n}`, one);
    assert.equal(rates.size, LIMITS.rateKeys);
    assert.equal(await wait(`key ${LIMITS.rateKeys}`, one), 60);
    assert.equal(await wait('key 0', one), 0);
  });

  test('asks what is remembered where it knows nothing, and of several at once each counts', async () => {
    const { wait } = held();
    let asked = 0;
    const recall = async () => {
      asked++;
      return { windowStart: -1_000, used: 2, lastAt: -1_000 };
    };
    assert.deepEqual(await Promise.all([1, 2, 3].map(() => wait('ann', { recall }))), [0, 9, 9]);
    asked = 0;
    assert.equal(await wait('ann', { recall }), 9);
    assert.equal(asked, 0);
  });

  test('never lets more through in one window than it has uses, whenever people come', async () => {
    const steps = fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(steps, async (gaps) => {
        const { time, wait } = held();
        let left = 0;
        let since = -Infinity;
        for (const gap of gaps) {
          time.now += gap;
          if (time.now >= since + 10_000) [left, since] = [3, time.now];
          assert.equal((await wait('ann')) === 0, left-- > 0);
        }
      }),
      { seed },
    );
  });

  test('one who has no use left is told 429 and the seconds', async () => {
    const { rates } = held();
    const once = { uses: 1, perSeconds: 10 };
    await needUse(rates, 'ann', once);
    await assert.rejects(needUse(rates, 'ann', once), (error: AppError) => {
      assert.deepEqual([error.status, error.code, error.retryAfter], [429, 'too-fast', 10]);
      return true;
    });
  });
});
