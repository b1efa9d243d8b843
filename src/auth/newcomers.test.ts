import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { digest, type Auth } from './auth.ts';
import { memoryRates } from '#expiring/memory-rates.ts';
import { addMember, firstCommunity, membershipsOf } from '#storage/communities.ts';
import { listIdentities } from '#storage/identities.ts';
import { insertInvite } from '#storage/invites.ts';
import { freshStorage } from '#test/contracts/fixtures.ts';
import { loginThrottle } from './login-throttle.ts';
import { signIn } from './sessions.ts';
import { createAccount, type Newcomer } from './sign-up.ts';

const PASSWORD = 'correct horse battery';
const ISSUER = 'oidc:https://accounts.example';

describe('a newcomer whom another service vouches for', () => {
  test('has no password, which no password matches, and is known by the identity', async (t) => {
    const { auth, come, tryPassword } = await hallFor(t);
    const ann = await come('Ann Lee', 'sub-1');
    assert.deepEqual([ann.username, ann.name], ['ann.lee', 'Ann Lee']);
    for (const password of ['', ' ', PASSWORD]) await assert.rejects(tryPassword('ann.lee', password), { status: 401 });
    const [identity] = await listIdentities(auth.storage.db, ann.id);
    assert.deepEqual([identity?.platform, identity?.platformId, identity?.proof], [ISSUER, 'sub-1', 'oauth']);
  });

  test('gets a username of their own, whatever they are called', async (t) => {
    const { auth, come } = await hallFor(t);
    const names = ['Ann Lee', 'ann lee', 'ÀNN  LÉE!', '李', 'Li', '', '…', 'x'.repeat(200), 'Zoë.'];
    const made = await Promise.all(names.map((name, n) => come(name, `sub-${n}`)));
    const usernames = made.map(({ username }) => username);
    assert.deepEqual(usernames.slice(0, 3).toSorted(), ['ann.lee', 'ann.lee.2', 'ann.lee.3']);
    assert.deepEqual(usernames.slice(3, 7).toSorted(), ['person', 'person.2', 'person.3', 'person.4']);
    assert.deepEqual(usernames.slice(7), ['x'.repeat(20), 'zoe']);
    for (let n = 0; n < 12; n++) usernames.push((await come('Li', `more-${n}`)).username);
    assert.equal(new Set(usernames).size, usernames.length);
    for (const one of usernames) assert.match(one, /^[a-z0-9_.-]{3,30}$/);
    assert.equal(await accounts(auth), usernames.length);
  });

  test('finds the same closed door as everybody, and nothing is made', async (t) => {
    const { auth, come } = await hallFor(t, 'closed');
    await assert.rejects(come('Ann', 'sub-1'), { status: 403, code: 'signup-closed' });
    auth.signup = 'invite';
    await assert.rejects(come('Ann', 'sub-1'), { status: 403, code: 'invite-needed' });
    assert.equal(await accounts(auth), 0);
  });

  test('who comes twice at once gets one account', async (t) => {
    const { auth, come } = await hallFor(t);
    const told = await Promise.allSettled([come('Ann', 'sub-1'), come('Ann', 'sub-1')]);
    assert.deepEqual(told.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    assert.equal(await accounts(auth), 1);
  });
});

test('whoever comes by the invite of a second community is a member of it, and of the first', async (t) => {
  const { auth } = await hallFor(t, 'invite');
  const first = (await firstCommunity(auth.storage.db)).id;
  await inviteToSecond(auth);
  const right = { by: 'outside', address: '10.0.0.1', invite: 'SECOND' } as const;
  const ann = await createAccount(auth, { username: 'ann', password: PASSWORD }, right);
  const all = await membershipsOf(auth.storage.db, ann.id);
  assert.deepEqual(
    new Map(all.map(({ id, role }) => [id, role])),
    new Map([
      ['comm_2', 'moderator'],
      [first, 'member'],
    ]),
  );
});

async function inviteToSecond(auth: Auth): Promise<void> {
  const invite = { id: 'inv_2', community: 'comm_2', code: 'SECOND', role: 'moderator', uses: 1, used: 0 } as const;
  await auth.storage.write(async (tx) => {
    await tx.db.insertInto('communities').values({ id: 'comm_2', name: 'Second', created_at: 2 }).execute();
    const owner = await createOwner(tx.db);
    await addMember(tx.db, { community: 'comm_2', account: owner, role: 'owner', at: 2 });
    await insertInvite(tx.db, digest('SEC0ND'), { ...invite, expiresAt: null, createdBy: owner, createdAt: 2 });
  });
}

async function createOwner(db: Auth['storage']['db']): Promise<string> {
  const row = { id: 'acct_owner', username: 'olga', name: 'Olga', password_hash: 'none', operator: 0, created_at: 1 };
  await db.insertInto('accounts').values(row).execute();
  return row.id;
}

async function hallFor(t: TestContext, signup: Auth['signup'] = 'open') {
  const storage = await freshStorage(t);
  const clock = (): number => Date.UTC(2026, 0, 1);
  const [throttle, signups] = [loginThrottle(memoryRates(clock)), { take: async () => undefined }];
  const auth: Auth = { storage, clock, throttle, signups, signup, idleMinutes: 60, announce: () => undefined };
  const come = (name: string, sub: string) => {
    const newcomer: Newcomer = {
      username: { from: name },
      name,
      identity: { platform: ISSUER, platformId: sub, name },
    };
    return createAccount(auth, newcomer, { by: 'outside', address: '10.0.0.1' });
  };
  const tryPassword = (username: string, password: string) =>
    signIn(auth, { username, password, device: 'a test', address: '10.0.0.1' });
  return { auth, come, tryPassword };
}

async function accounts({ storage }: Auth): Promise<number> {
  return (await storage.db.selectFrom('accounts').select('id').execute()).length;
}
