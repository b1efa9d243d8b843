import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { freshStorage } from '#test/contracts/fixtures.ts';
import { beginAttempt, ownPath, takeAttempt, type Attempt } from './oauth-state.ts';

const SIGN_IN: Attempt = { purpose: 'sign-in', provider: 'oidc', invite: 'ABCDE', next: '/rooms/room_1' };

describe('an attempt at another service', () => {
  test('comes back with all that it was begun with, and the proof for the other service', async (t) => {
    const { keeper, back } = await hall(t);
    const begun = await beginAttempt(keeper, SIGN_IN);
    const kept = await back(begun);
    assert.deepEqual([kept.invite, kept.next, kept.nonce], ['ABCDE', '/rooms/room_1', begun.nonce]);
    assert.ok(kept.verifier.length >= 43 && !begun.challenge.includes(kept.verifier));
  });

  test('says nothing of itself to who reads the cookie', async (t) => {
    const { keeper } = await hall(t);
    const { sealed, state, nonce } = await beginAttempt(keeper, SIGN_IN);
    const read = Buffer.from(sealed, 'base64url').toString('latin1');
    for (const part of [state, nonce, 'ABCDE', 'oidc']) assert.ok(!read.includes(part) && !sealed.includes(part));
  });

  test('counts once, also where two callbacks come at the same time', async (t) => {
    const { keeper, back } = await hall(t);
    const begun = await beginAttempt(keeper, SIGN_IN);
    const told = await Promise.allSettled([back(begun), back(begun), back(begun)]);
    assert.equal(told.filter(({ status }) => status === 'fulfilled').length, 1);
    await assert.rejects(back(begun), { status: 409, code: 'attempt-used' });
  });

  test('ends after ten minutes', async (t) => {
    const { keeper, time, back } = await hall(t);
    const begun = await beginAttempt(keeper, SIGN_IN);
    time.now += 600_000;
    await assert.rejects(back(begun), { status: 400, code: 'attempt-expired' });
  });

  test('ends only where it was begun: another browser, state, service or purpose is refused, and it is still good', async (t) => {
    const { keeper, back } = await hall(t);
    const [mine, theirs] = [await beginAttempt(keeper, SIGN_IN), await beginAttempt(keeper, SIGN_IN)];
    for (const came of [
      { ...mine, sealed: undefined },
      { ...mine, sealed: theirs.sealed },
      { ...mine, sealed: `${mine.sealed.slice(0, -3)}AAA` },
      { ...mine, sealed: 'x' },
      { ...mine, state: undefined },
      { ...mine, state: '' },
      { ...mine, provider: 'discord' },
      { ...mine, purpose: 'link' as const },
    ])
      await assert.rejects(back(came), { status: 400, code: 'attempt-foreign' });
    await back(mine);
  });

  test('of somebody who is signed in ends in that session alone', async (t) => {
    const { keeper, back } = await hall(t);
    const by = { account: 'acct_1', session: 'sess_1' };
    const begun = await beginAttempt(keeper, { ...SIGN_IN, by });
    await assert.rejects(back(begun), { code: 'attempt-foreign' });
    await assert.rejects(back({ ...begun, by: { ...by, session: 'sess_2' } }), { code: 'attempt-foreign' });
    await assert.rejects(back({ ...begun, by: { ...by, account: 'acct_2' } }), { code: 'attempt-foreign' });
    assert.deepEqual((await back({ ...begun, by })).by, by);
  });

  test('sealed by another instance opens nothing here', async (t) => {
    const [here, there] = [await hall(t), await hall(t)];
    await assert.rejects(here.back(await beginAttempt(there.keeper, SIGN_IN)), { code: 'attempt-foreign' });
  });

  test('leads to a page of ours alone', () => {
    for (const good of ['/', '/me', '/rooms/room_1?at=5#x']) assert.equal(ownPath(good), good);
    for (const bad of [
      undefined,
      '',
      'me',
      '//evil.example',
      '/\\evil.example',
      '/x\\y',
      'https://evil.example',
      '/a b',
    ])
      assert.equal(ownPath(bad), '/');
  });
});

async function hall(t: TestContext) {
  const storage = await freshStorage(t);
  const time = { now: 1_800_000_000_000 };
  const keeper = { storage, clock: () => time.now };
  const back = (came: Came) => takeAttempt(keeper, { purpose: 'sign-in', provider: 'oidc', ...came });
  return { keeper, time, back };
}

type Came = Partial<Parameters<typeof takeAttempt>[1]> & { sealed: string | undefined; state: string | undefined };
