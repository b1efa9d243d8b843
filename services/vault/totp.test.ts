import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Refusal } from './refusal.ts';
import { codeAt, totpChecker } from './totp.ts';

const SEED = Buffer.from('12345678901234567890');
const TEXT = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const AT = 1_111_111_109_000;
const STEP = Math.floor(AT / 30_000);

test('codes are those of the standard', () => {
  for (const [seconds, code] of [
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ] as const)
    assert.equal(codeAt(SEED, Math.floor(seconds / 30)), code);
});

describe('a code is right', () => {
  test('for its half minute, and the one before and after', async () => {
    const { ask } = vault();
    for (const off of [-1, 0, 1])
      assert.deepEqual(await ask(codeAt(SEED, STEP + off), `of ${off}`), { step: STEP + off });
    for (const off of [-2, 2]) assert.deepEqual(await ask(codeAt(SEED, STEP + off), `of ${off}`), { step: null });
  });

  test('once: not after a newer one was taken, nor itself', async () => {
    const { ask } = vault();
    assert.deepEqual(await ask(codeAt(SEED, STEP), 'acct_1', STEP), { step: null });
    assert.deepEqual(await ask(codeAt(SEED, STEP - 1), 'acct_1', STEP), { step: null });
    assert.deepEqual(await ask(codeAt(SEED, STEP + 1), 'acct_1', STEP), { step: STEP + 1 });
  });

  test('a few times a minute for each owner, and nobody else waits', async () => {
    const { ask, time, audited } = vault();
    for (let n = 0; n < 5; n++) await ask('000000', 'acct_1');
    await assert.rejects(
      ask(codeAt(SEED, STEP), 'acct_1'),
      (error: Refusal) => error.code === 'too-many-tries' && error.status === 429,
    );
    assert.deepEqual(await ask(codeAt(SEED, STEP), 'acct_2'), { step: STEP });
    assert.deepEqual(audited, ['wrong', 'wrong', 'wrong', 'wrong', 'wrong', 'too-many-tries', 'ok']);
    time.now += 60_000;
    assert.deepEqual(await ask(codeAt(SEED, STEP + 2), 'acct_1'), { step: STEP + 2 });
  });

  test('only by a seed: what is sealed for something else tells nothing', async () => {
    const { ask } = vault('not a seed');
    await assert.rejects(ask('000000', 'acct_1'), (error: Refusal) => error.code === 'cannot-open');
  });
});

function vault(text = TEXT) {
  const time = { now: AT };
  const audited: string[] = [];
  const keys = { open: async () => new TextEncoder().encode(text) };
  const check = totpChecker({ keys, audit: ({ outcome }) => void audited.push(outcome), clock: () => time.now });
  const ask = (code: string, owner: string, after = 0) =>
    check({ sealed: 'sealed', owner, purpose: 'totp', code, after }, 'hall');
  return { ask, time, audited };
}
