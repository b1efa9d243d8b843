import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { conflict } from '#core/errors.ts';
import { memoryRates } from '#expiring/memory-rates.ts';
import { firstCommunity } from '#storage/communities.ts';
import { freshStorage, somebody } from '#test/contracts/fixtures.ts';
import { issueCode, takeCode, type IssuedCode, type OneTimeCode } from './one-time-codes.ts';

const DISCORD = 'discord';

describe('a code that is typed elsewhere', () => {
  test('is good once, however it is typed, and gives what it was made for', async (t) => {
    const { issue, take } = await codesFor(t);
    const { code } = await issue();
    assert.match(code, /^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);
    const lax = ` ${code.toLowerCase().replace('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `;
    assert.equal((await take(lax)).platform, DISCORD);
    await assert.rejects(take(code), { status: 409, code: 'code-used' });
  });

  test('is not kept as it is', async (t) => {
    const { issue, storage } = await codesFor(t);
    const { code } = await issue();
    const kept = JSON.stringify(await storage.db.selectFrom('one_time_codes').selectAll().execute());
    assert.equal(kept.includes(code) || kept.includes(code.replace('-', '')), false);
  });

  test('ends, and says so', async (t) => {
    const { issue, take, time } = await codesFor(t);
    const { code } = await issue();
    time.now += 15 * 60_000;
    await assert.rejects(take(code), { status: 409, code: 'code-ended' });
  });

  test('ends when another for the same is made, and only then', async (t) => {
    const { issue, take } = await codesFor(t);
    const first = await issue();
    const other = await issue({ platform: 'slack' });
    const second = await issue();
    await assert.rejects(take(first.code), { code: 'code-ended' });
    await take(second.code);
    await take(other.code, 'slack');
  });

  test('of one platform is no good on another, and stays good on its own', async (t) => {
    const { issue, take } = await codesFor(t);
    const { code } = await issue();
    await assert.rejects(take(code, 'slack'), { code: 'code-elsewhere', message: /for Discord\. Type it there/ });
    await take(code);
  });

  test('of another purpose is unknown', async (t) => {
    const { issue, take } = await codesFor(t);
    const { code } = await issue({ purpose: 'link' });
    await assert.rejects(take(code), { status: 404, code: 'unknown-code' });
  });

  test('stays good where what it is for could not be done', async (t) => {
    const { issue, take } = await codesFor(t);
    const { code } = await issue();
    const failing = async (): Promise<never> => Promise.reject(conflict('identity-taken', 'It is another’s.'));
    await assert.rejects(take(code, DISCORD, failing), { code: 'identity-taken' });
    await take(code);
  });

  test('typed by many at once is good for one of them', async (t) => {
    const { issue, take } = await codesFor(t);
    const { code } = await issue();
    const told = await Promise.allSettled(Array.from({ length: 5 }, () => take(code)));
    assert.equal(told.filter(({ status }) => status === 'fulfilled').length, 1);
  });
});

describe('wrong codes', () => {
  test('are five, then one waits, however many are asked at once; right ones count nothing', async (t) => {
    const { issue, take } = await codesFor(t);
    for (let n = 0; n < 7; n++) await take((await issue()).code);
    const told = await Promise.allSettled(Array.from({ length: 8 }, () => take('AAAAA-AAAAA')));
    const codes = told.map((one) => (one.status === 'rejected' ? (one.reason as { code: string }).code : ''));
    assert.deepEqual(
      codes.toSorted(),
      ['too-many-codes', 'too-many-codes', 'too-many-codes'].concat(Array(5).fill('unknown-code')),
    );
    const { code } = await issue();
    await assert.rejects(take(code), { status: 429, retryAfter: 900 });
    await take(code, DISCORD, undefined, 'discord:other');
  });
});

type Act = (tx: unknown, code: OneTimeCode) => Promise<OneTimeCode>;

async function codesFor(t: TestContext) {
  const storage = await freshStorage(t);
  const time = { now: 1_000_000 };
  const clock = (): number => time.now;
  const parts = { storage, clock, rates: memoryRates(clock) };
  const { account } = await somebody(storage, 'ann', 'admin');
  const community = (await firstCommunity(storage.db)).id;
  const plain = { purpose: 'connect', account, community, platform: DISCORD, platformId: null, name: null };
  return {
    storage,
    time,
    issue: (differently: Partial<OneTimeCode> = {}): Promise<IssuedCode> =>
      storage.write((tx) => issueCode(parts, tx, { ...plain, ...differently, minutes: 15 })),
    take: (
      typed: string,
      platform = DISCORD,
      act: Act = async (_tx, code) => code,
      who = 'discord:5',
    ): Promise<OneTimeCode> => takeCode(parts, { purpose: 'connect', typed, who, platform }, act),
  };
}
