import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { tooFast, type AppError } from '#core/errors.ts';
import type { LiveEvent } from '#core/live.ts';
import { memoryRates } from '#expiring/memory-rates.ts';
import { firstCommunity, roleIn } from '#storage/communities.ts';
import { freshStorage } from '#test/contracts/fixtures.ts';
import type { Auth } from './auth.ts';
import { endInvite, lookAtInvite, makeInvite, seeInvites } from './invites.ts';
import { loginThrottle } from './login-throttle.ts';
import { checkPassword, hashPassword, passwordMatches } from './passwords.ts';
import { disable } from './disable.ts';
import { hallFacts, rename, resetPassword, setRole } from './profile.ts';
import { checkSession, endSessions, seeSessions, signIn } from './sessions.ts';
import { createAccount, ownerCode } from './sign-up.ts';

const PASSWORD = 'correct horse battery';
const MINUTE = 60_000;
const DAY = 86_400_000;

describe('passwords', () => {
  test('are kept as argon2id with a salt of their own, and only the right one matches', async () => {
    const [one, two] = await Promise.all([hashPassword(PASSWORD), hashPassword(PASSWORD)]);
    assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    assert.notEqual(one, two);
    assert.equal(await passwordMatches(PASSWORD, one), true);
    assert.equal(await passwordMatches(`${PASSWORD} `, one), false);
  });

  test('match nothing where there is no account, not even nobody’s own', async () => {
    assert.equal(await passwordMatches('', undefined), false);
    assert.equal(await passwordMatches(PASSWORD, undefined), false);
  });

  test('have 12 to 1,024 characters, counted as people count', () => {
    for (const bad of ['', 'x'.repeat(11), '👩'.repeat(11), 'x'.repeat(1_025)])
      assert.throws(() => checkPassword(bad), { status: 400 }, `${bad.length}`);
    for (const good of ['x'.repeat(12), '👩'.repeat(12), 'x'.repeat(1_024), ' '.repeat(12)]) checkPassword(good);
  });

  test('are hashed a few at a time; beyond a queue people are asked to come back', async () => {
    const told = await Promise.allSettled(Array.from({ length: 100 }, () => passwordMatches('x', undefined)));
    const refusals = told.flatMap((one) => (one.status === 'rejected' ? [one.reason as AppError] : []));
    assert.equal(refusals.length, 34, '2 at work and 64 waiting');
    assert.ok(refusals.every(({ status, retryAfter }) => status === 503 && retryAfter === 3));
    assert.equal(await passwordMatches('x', undefined), false, 'and then it goes on');
  });
});

describe('signing up', () => {
  test('by invitation: with a link one is a member, without one is told why not', async (t) => {
    const { auth, join } = await hallFor(t);
    const { code } = await makeInvite(auth, null, { uses: 1, days: 7 });
    await rejects(join('ann'), 403, 'invite-needed');
    await rejects(join('ann', { invite: 'XXXXX-XXXXX' }), 404, 'unknown-invite');
    const ann = await join('Ann', { invite: code.toLowerCase() });
    assert.deepEqual([ann.username, ann.name, ann.operator], ['ann', 'Ann', false]);
    const community = (await firstCommunity(auth.storage.db)).id;
    assert.equal(await roleIn(auth.storage.db, community, ann.id), 'member');
    await rejects(join('bob', { invite: code }), 404, 'unknown-invite');
  });

  test('letters that look alike in a code do not matter', async (t) => {
    const { auth, join } = await hallFor(t);
    const { code } = await makeInvite(auth, null, { uses: 1, days: 7 });
    await join('ann', { invite: ` ${code.replaceAll('0', 'o').replaceAll('1', 'l')} ` });
  });

  test('open: nobody needs a link, and one that is given still counts', async (t) => {
    const { auth, join } = await hallFor(t, { signup: 'open' });
    await join('ann');
    const { code } = await makeInvite(auth, null, { uses: 1, days: 7 });
    await join('bob', { invite: code });
    await rejects(lookAtInvite(auth, code), 404, 'unknown-invite');
    await rejects(join('eve', { invite: code }), 404, 'unknown-invite');
  });

  test('closed: not even with a link, but the owner’s one-time link works', async (t) => {
    const { auth, join } = await hallFor(t, { signup: 'closed' });
    const { code } = await makeInvite(auth, null, { uses: 1, days: 7 });
    await rejects(join('ann', { invite: code }), 403, 'signup-closed');
    await rejects(join('ann'), 403, 'signup-closed');
    const first = await ownerCode(auth);
    const olga = await join('olga', { invite: first ?? '' });
    assert.equal(olga.operator, true);
  });

  test('the owner’s link works once, a new start makes a new one, and none once somebody is there', async (t) => {
    const { auth, join } = await hallFor(t);
    const [old, code] = [await ownerCode(auth), await ownerCode(auth)];
    assert.notEqual(old, code);
    await rejects(join('eve', { invite: old ?? '' }), 404, 'unknown-invite');
    assert.equal((await hallFacts(auth)).empty, true);
    await join('olga', { invite: code ?? '' });
    await rejects(join('eve', { invite: code ?? '' }), 404, 'unknown-invite');
    assert.equal(await ownerCode(auth), undefined);
    assert.equal((await hallFacts(auth)).empty, false);
  });

  test('the owner’s link ends when an owner is made at the command line', async (t) => {
    const { auth, join } = await hallFor(t);
    const code = await ownerCode(auth);
    await createAccount(auth, { username: 'olga', password: PASSWORD }, { by: 'operator', owner: true });
    await rejects(join('eve', { invite: code ?? '' }), 404, 'unknown-invite');
  });

  test('of two who race for the last use one gets in, and a use that came to nothing is given back', async (t) => {
    const { auth, join } = await hallFor(t);
    const { code } = await makeInvite(auth, null, { uses: 2, days: 7 });
    await join('ann', { invite: code });
    await rejects(join('ANN', { invite: code }), 409, 'username-taken');
    const told = await Promise.allSettled(['bob', 'eve'].map((name) => join(name, { invite: code })));
    assert.deepEqual(told.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  });

  test('an invite ends with its time, or when it is taken back', async (t) => {
    const { auth, time, join } = await hallFor(t);
    const olga = await createAccount(auth, { username: 'olga', password: PASSWORD }, { by: 'operator', owner: true });
    const [one, two] = [
      await makeInvite(auth, olga.id, { uses: 9, days: 1 }),
      await makeInvite(auth, olga.id, { uses: 9, days: 2 }),
    ];
    time.now += DAY;
    await rejects(join('ann', { invite: one.code }), 404, 'unknown-invite');
    assert.equal((await lookAtInvite(auth, two.code)).communityName, 'Guildhall');
    await endInvite(auth, olga.id, two.id);
    await rejects(join('ann', { invite: two.code }), 404, 'unknown-invite');
    await rejects(endInvite(auth, olga.id, two.id), 404, 'unknown-invite');
    assert.deepEqual(
      (await seeInvites(auth, olga.id)).invites.map(({ id, by }) => [id, by]),
      [[one.id, 'olga']],
    );
  });

  test('members do not make invites, and do not see them', async (t) => {
    const { auth, join } = await hallFor(t, { signup: 'open' });
    const ann = await join('ann');
    await rejects(makeInvite(auth, ann.id, { uses: 1, days: 1 }), 403, 'not-allowed');
    await rejects(seeInvites(auth, ann.id), 403, 'not-allowed');
  });

  test('moderators see and end their own invites, admins everybody’s', async (t) => {
    const { auth, join } = await hallFor(t, { signup: 'open' });
    const [ann, mod] = [await join('ann'), await join('mod')];
    await setRole(auth, 'ann', 'admin');
    await setRole(auth, 'mod', 'moderator');
    const [one, two] = [
      await makeInvite(auth, ann.id, { uses: 1, days: 1 }),
      await makeInvite(auth, mod.id, { uses: 1, days: 1 }),
    ];
    const seen = async (who: string) => (await seeInvites(auth, who)).invites.map(({ id }) => id).toSorted();
    assert.deepEqual([await seen(mod.id), await seen(ann.id)], [[two.id], [one.id, two.id].toSorted()]);
    await rejects(endInvite(auth, mod.id, one.id), 404, 'unknown-invite');
    await endInvite(auth, ann.id, two.id);
    assert.deepEqual(await seen(mod.id), []);
  });

  test('usernames have 3 to 30 of a–z 0–9 _ . - and are kept in lower case', async (t) => {
    const { join } = await hallFor(t, { signup: 'open' });
    for (const bad of ['ab', 'x'.repeat(31), 'ann lee', 'änn', 'ann@x', 'ann\n', ''])
      await rejects(join(bad), 400, 'bad-username');
    assert.equal((await join('A.b_C-9')).username, 'a.b_c-9');
  });

  test('a short password is told before a use of the limit is taken', async (t) => {
    const { join, taken } = await hallFor(t, { signup: 'open' });
    await rejects(join('ann', { password: 'short' }), 400, 'password-too-short');
    assert.deepEqual(taken, []);
    await join('ann');
    assert.deepEqual(taken, ['10.0.0.1']);
  });

  test('too many accounts from one address wait', async (t) => {
    const { auth, join } = await hallFor(t, { signup: 'open' });
    auth.signups = { take: () => Promise.reject(tooFast(17)) };
    await rejects(join('ann'), 429, 'too-fast');
  });
});

describe('signing in', () => {
  test('the right pair opens a session whose token is kept nowhere', async (t) => {
    const { auth, come } = await hallFor(t, { signup: 'open', people: ['ann'] });
    const { token, account } = await come('ANN');
    assert.equal('passwordHash' in account, false);
    assert.equal((await checkSession(auth, token))?.username, 'ann');
    const rows = await auth.storage.db.selectFrom('sessions').selectAll().execute();
    assert.ok(!JSON.stringify(rows).includes(token));
    assert.equal(await checkSession(auth, `${token}x`), undefined);
  });

  test('whatever is wrong, the refusal is one and the same', async (t) => {
    const { auth, come } = await hallFor(t, { signup: 'open', people: ['ann', 'bob'] });
    await disable(auth, 'bob');
    const told = [];
    for (const [name, password] of [
      ['ann', 'not my password'],
      ['nobody', PASSWORD],
      ['bob', PASSWORD],
      ['', ''],
    ] as const)
      told.push(await come(name, { password }).catch((error: AppError) => ({ ...error, message: error.message })));
    assert.equal(new Set(told.map((one) => JSON.stringify(one))).size, 1);
    assert.deepEqual((told[0] as AppError).status, 401);
  });

  test('after five wrong guesses even the right password waits, and other people do not', async (t) => {
    const { time, come } = await hallFor(t, { signup: 'open', people: ['ann', 'bob'] });
    for (let n = 0; n < 5; n++) await rejects(come('ann', { password: 'wrong' }), 401, 'wrong-sign-in');
    const refusal = await come('Ann').catch((error: AppError) => error);
    assert.deepEqual([(refusal as AppError).status, (refusal as AppError).retryAfter], [429, 10]);
    await come('bob');
    await come('ann', { address: '10.0.0.2' });
    time.now += 10_000;
    await come('ann');
  });

  test('guesses that come all at once are slowed like those that come one after another', async (t) => {
    const { come } = await hallFor(t, { signup: 'open', people: ['ann'] });
    await Promise.allSettled(Array.from({ length: 8 }, () => come('ann', { password: 'wrong' })));
    await rejects(come('ann', { password: 'wrong' }), 429, 'too-fast');
  });

  test('a session ends when it is idle for too long, and use keeps it', async (t) => {
    const { auth, time, come } = await hallFor(t, { signup: 'open', people: ['ann'] });
    const { token, idleExpiresAt } = await come('ann');
    assert.equal(idleExpiresAt, time.now + 60 * MINUTE);
    time.now += 59 * MINUTE;
    assert.ok(await checkSession(auth, token));
    await auth.storage.write(async () => undefined);
    time.now += 59 * MINUTE;
    assert.ok(await checkSession(auth, token));
    await auth.storage.write(async () => undefined);
    time.now += 60 * MINUTE;
    assert.equal(await checkSession(auth, token), undefined);
  });

  test('on a shared computer it ends after 30 idle minutes, or sooner where the hall says so', async (t) => {
    const { auth, time, come } = await hallFor(t, { signup: 'open', people: ['ann'] });
    const { token, idleExpiresAt } = await come('ann', { shared: true });
    assert.equal(idleExpiresAt, time.now + 30 * MINUTE);
    time.now += 30 * MINUTE;
    assert.equal(await checkSession(auth, token), undefined);
    auth.idleMinutes = 5;
    assert.equal((await come('ann', { shared: true })).idleExpiresAt, time.now + 5 * MINUTE);
  });

  test('it ends after 30 days however much it is used', async (t) => {
    const { auth, time, come } = await hallFor(t, { signup: 'open', people: ['ann'] });
    auth.idleMinutes = 40 * 24 * 60;
    const { token } = await come('ann');
    time.now += 30 * DAY - 1;
    assert.ok(await checkSession(auth, token));
    time.now += 1;
    assert.equal(await checkSession(auth, token), undefined);
  });

  test('sessions are listed and ended one by one or all, never another’s; their connections are told', async (t) => {
    const { auth, come, events } = await hallFor(t, { signup: 'open', people: ['ann', 'bob'] });
    const [one, two, bobs] = [await come('ann'), await come('ann'), await come('bob')];
    const id = async (token: string) => (await checkSession(auth, token))?.id ?? '';
    const [ann, first] = [one.account.id, await id(one.token)];
    assert.equal((await seeSessions(auth, ann)).length, 2);
    await rejects(endSessions(auth, ann, { id: await id(bobs.token) }), 404, 'unknown-session');
    await endSessions(auth, ann, { id: first });
    assert.equal(await checkSession(auth, one.token), undefined);
    assert.ok(await checkSession(auth, two.token));
    assert.deepEqual(events.at(-1), { kind: 'session-ended', sessions: [first] });
    await endSessions(auth, ann);
    assert.equal(await checkSession(auth, two.token), undefined);
    assert.ok(await checkSession(auth, bobs.token));
  });

  test('the hundred-and-first session ends the one that was unused for longest', async (t) => {
    const { auth, time, come } = await hallFor(t, { signup: 'open', people: ['ann'] });
    const { account } = await come('ann');
    await auth.storage.write(async (tx) => {
      const rows = Array.from({ length: 99 }, (_, n) => rowOf(account.id, n, time.now));
      await tx.db.insertInto('sessions').values(rows).execute();
    });
    await come('ann');
    const left = await seeSessions(auth, account.id);
    assert.equal(left.length, 100);
    assert.ok(!left.some(({ id }) => id === 'sess_0'), 'the oldest went');
    assert.ok(left.some(({ id }) => id === 'sess_1'));
  });

  test('a new password and a disabled account end every session', async (t) => {
    const { auth, come } = await hallFor(t, { signup: 'open', people: ['ann'] });
    const before = await come('ann');
    await resetPassword(auth, 'Ann', 'another good password');
    assert.equal(await checkSession(auth, before.token), undefined);
    await rejects(come('ann'), 401, 'wrong-sign-in');
    const after = await come('ann', { password: 'another good password' });
    await disable(auth, 'ann');
    assert.equal(await checkSession(auth, after.token), undefined);
    await rejects(disable(auth, 'nobody'), 404, 'unknown-account');
  });

  test('a name is what one types, without the blanks around it, and never empty', async (t) => {
    const { auth, come } = await hallFor(t, { signup: 'open', people: ['ann'] });
    const { account, token } = await come('ann');
    await rename(auth, account.id, '  Ann Lee ');
    assert.equal((await checkSession(auth, token))?.name, 'Ann Lee');
    await rejects(rename(auth, account.id, '   '), 400, 'empty-name');
  });
});

interface Setting {
  signup?: Auth['signup'];
  people?: string[];
}

/** The auth part on real storage, with a clock that the test turns. */
async function hallFor(t: TestContext, { signup = 'invite', people = [] }: Setting = {}) {
  const storage = await freshStorage(t);
  const time = { now: Date.UTC(2026, 0, 1) };
  const events: LiveEvent[] = [];
  const taken: string[] = [];
  const clock = (): number => time.now;
  const signups = { take: async (address: string) => void taken.push(address) };
  const throttle = loginThrottle(memoryRates(clock));
  const announce = (event: LiveEvent) => void events.push(event);
  const auth: Auth = { storage, clock, throttle, signups, signup, idleMinutes: 60, announce };
  const join = (username: string, { password = PASSWORD, ...more }: { invite?: string; password?: string } = {}) =>
    createAccount(auth, { username, password }, { by: 'outside', address: '10.0.0.1', ...more });
  const come = (username: string, more: { password?: string; address?: string; shared?: boolean } = {}) =>
    signIn(auth, { username, password: PASSWORD, device: 'a test', address: '10.0.0.1', ...more });
  for (const name of people)
    await createAccount(auth, { username: name, password: PASSWORD }, { by: 'operator', owner: false });
  return { auth, time, events, taken, join, come };
}

function rowOf(account: string, n: number, now: number) {
  const times = { created_at: now, idle_ms: DAY, last_seen_at: now - DAY + n, expires_at: now + DAY };
  return { token_hash: `hash ${n}`, id: `sess_${n}`, account_id: account, device: 'a test', ...times };
}

async function rejects(act: Promise<unknown>, status: number, code: string): Promise<void> {
  await assert.rejects(act, (error: AppError) => {
    assert.deepEqual([error.status, error.code], [status, code]);
    return true;
  });
}
