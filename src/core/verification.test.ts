import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { memoryRates } from '#expiring/memory-rates.ts';
import { entryKey, readProofCode, WRONG_PROOFS } from './verification.ts';

describe('guesses', () => {
  test('wait as the rule says: 10 s after 5, 20 s after 10, 40 s after 15, doubling on, up to an hour', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 80 }), async (pauses) => {
        let now = Date.UTC(2026, 0, 1);
        const rates = memoryRates(() => now);
        const wait = (): Promise<number> => rates.wait([{ key: 'guess', rate: FREE }]);
        let wrong = 0;
        for (const pause of pauses) {
          now += pause * 1000 + (await wait()) * 1000;
          assert.equal(await wait(), 0);
          await rates.failed('guess', WRONG_PROOFS);
          wrong += 1;
          assert.equal(await wait(), wrong % 5 === 0 ? Math.min(3_600, 10 * 2 ** (wrong / 5 - 1)) : 0);
        }
      }),
      { seed: 8, numRuns: 100 },
    );
  });

  test('of one address make nobody else wait', async () => {
    const rates = memoryRates(() => 0);
    for (let n = 0; n < 5; n++) await rates.failed('one', WRONG_PROOFS);
    const waits = ['one', 'other'].map((key) => rates.wait([{ key, rate: FREE }]));
    assert.deepEqual(await Promise.all(waits), [10, 0]);
  });

  test('are not forgotten by waiting the longest wait out: a day of guessing has a few hundred tries, and a million take years', async () => {
    let now = 0;
    const rates = memoryRates(() => now);
    let tries = 0;
    while (now < 86_400_000) {
      now += (await rates.wait([{ key: 'guess', rate: FREE }])) * 1000;
      await rates.failed('guess', WRONG_PROOFS);
      tries += 1;
    }
    assert.ok(tries < 200, `${tries}`);
  });
});

describe('what people type', () => {
  test('is a code whatever its case, its hyphen and the letters that look alike', () => {
    for (const typed of ['ABCD-EFG0', 'abcdefg0', ' code:ABCD-EFGO ', 'Code: abcd-efgo'])
      assert.equal(readProofCode(typed), 'ABCDEFG0', typed);
    assert.equal(readProofCode('1I1L-0O00'), '11110000');
    for (const other of ['', 'ABCD', 'ABCD-EFG', 'ABCD-EFGHJ', 'UUUU-UUUU', 'hello you', 'ABC D-EFGH'])
      assert.equal(readProofCode(other), undefined, other);
  });

  test('is an entry whatever the blanks around it, its case and the way its letters are put together', () => {
    assert.equal(entryKey(' Jo\u0308rg-7 '), entryKey('JÖRG-7'));
    assert.notEqual(entryKey('a b'), entryKey('ab'));
  });
});

/** Failures alone make somebody wait. */
const FREE = { uses: Number.MAX_SAFE_INTEGER, perSeconds: 1 };
