import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createAccount } from '#auth/sign-up.ts';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { freePort } from '#test/support/free-port.ts';
import { startGoogle, startIssuer, type Issuer, type OwnIssuer } from '#test/support/issuers.ts';
import { call } from '#test/support/person.ts';

let issuer: OwnIssuer;
let hall: OpenHall;

before(async () => {
  const port = await freePort();
  issuer = await startIssuer(`http://127.0.0.1:${port}`);
  hall = await openHall({ PORT: String(port), SIGNUP: 'open', ...issuer.settings });
});
after(async () => {
  await hall?.close();
  await issuer?.stop();
});

describe('signing in by another service', () => {
  test('makes an account at the first time, and opens it again from then on', async () => {
    issuer.who = { id: 'sub-ann', name: 'Ann Lee' };
    const first = await me(await signIn());
    assert.deepEqual([first.username, first.name], ['ann.lee', 'Ann Lee']);
    issuer.who.name = 'Ann Other';
    assert.equal((await me(await signIn())).id, first.id);
    issuer.who = { id: 'sub-another', name: 'Ann Lee' };
    assert.equal((await me(await signIn())).username, 'ann.lee.2', 'the same name is not the same person');
  });

  test('goes back to the page that was asked for, and never to another site', async () => {
    for (const [next, to] of [
      ['/rooms/room_1', '/rooms/room_1'],
      ['//evil.example', '/'],
      ['https://evil.example', '/'],
    ])
      assert.equal((await signIn(`?next=${encodeURIComponent(next ?? '')}`)).location, to);
  });

  test('on a shared computer gives a cookie that goes with the browser, and a session that ends soon', async () => {
    const { cookie } = await signIn('?shared=1');
    assert.ok(!/max-age/i.test(cookie), cookie);
    assert.match((await signIn()).cookie, /max-age=2592000/i);
  });

  test('asks for no e-mail address, with PKCE, a nonce and exactly our own address', async () => {
    const { address } = await begin();
    const { searchParams } = new URL(address);
    assert.equal(searchParams.get('scope'), 'openid profile');
    assert.equal(searchParams.get('code_challenge_method'), 'S256');
    assert.equal(searchParams.get('redirect_uri'), `${hall.url}/v1/signin/oidc/callback`);
    for (const name of ['nonce', 'state', 'code_challenge']) assert.ok((searchParams.get(name) ?? '').length >= 43);
  });

  test('finds the doors closed where they are, with whatever identity, and open with an invite', async () => {
    hall.hall.auth.signup = 'closed';
    issuer.who = { id: 'sub-closed', name: 'Cleo' };
    assert.equal((await signIn()).location, '/signin?problem=signup-closed');
    hall.hall.auth.signup = 'invite';
    assert.equal((await signIn()).location, '/signin?problem=invite-needed');
    assert.equal((await signIn('?invite=NONE')).location, '/signin?problem=unknown-invite');
    const host = await somebody(hall.storage, 'host', 'owner');
    const { body } = await call<{ invite: { code: string } }>(hall, {
      method: 'POST',
      path: '/v1/invites',
      body: { uses: 1 },
      token: host.token,
    });
    assert.equal((await me(await signIn(`?invite=${body.invite.code}`))).username, 'cleo');
    hall.hall.auth.signup = 'closed';
    assert.equal((await signIn()).location, '/', 'who has an account may always come in');
    hall.hall.auth.signup = 'open';
  });

  test('lets a newcomer by an invite begin in the community that asked them in', async () => {
    const host = await somebody(hall.storage, 'hostess', 'owner');
    const make = async <Made>(path: string, body: unknown): Promise<Made> =>
      (await call<Made>(hall, { method: 'POST', path, body, token: host.token })).body;
    const { id } = await make<{ id: string }>('/v1/communities', { name: 'Second' });
    const { invite } = await make<{ invite: { code: string } }>(`/v1/communities/${id}/invites`, { uses: 1 });
    const asked = `?invite=${invite.code}&next=/join/${invite.code}`;
    issuer.who = { id: 'sub-second', name: 'Sela' };
    assert.equal((await signIn(asked)).location, `/?community=${id}`);
    assert.equal((await signIn(asked)).location, `/join/${invite.code}`, 'who has an account is asked whether to join');
  });

  test('does not open an account that is disabled', async () => {
    issuer.who = { id: 'sub-disabled', name: 'Dora' };
    const { id } = await me(await signIn());
    await hall.storage.write((tx) =>
      tx.db.updateTable('accounts').set({ disabled_at: 1 }).where('id', '=', id).execute(),
    );
    const told = await signIn();
    assert.deepEqual([told.location, told.session], ['/signin?problem=wrong-sign-in', undefined]);
  });
});

describe('what comes back from another service counts only', () => {
  test('once: a doubled callback opens nothing, and leads who is in already to the rooms', async () => {
    issuer.who = { id: 'sub-twice', name: 'Twice' };
    const { address, attempt } = await begin();
    const back = await issuer.goThere(address);
    const first = await comeBack(back, { attempt });
    assert.ok(first.session);
    assert.deepEqual(await said(comeBack(back, { attempt })), ['/signin?problem=attempt-used', undefined]);
    assert.deepEqual(await said(comeBack(back, { attempt, session: first.session })), ['/', undefined]);
  });

  test('in the browser that began it, with the state that was sent', async () => {
    const [mine, theirs] = [await begin(), await begin()];
    const back = await issuer.goThere(mine.address);
    const foreign = ['/signin?problem=attempt-foreign', undefined];
    assert.deepEqual(await said(comeBack(back, {})), foreign);
    assert.deepEqual(await said(comeBack(back, { attempt: theirs.attempt })), foreign);
    assert.deepEqual(await said(comeBack(changed(back, 'state', 'x'), { attempt: mine.attempt })), foreign);
    assert.deepEqual(await said(comeBack(`${hall.url}/v1/signin/oidc/callback`, { attempt: mine.attempt })), foreign);
  });

  test('from the issuer that was asked, for the nonce that was sent, with a code of its own', async () => {
    const not = ['/signin?problem=issuer-not-proved', undefined];
    const tampered = async (change: (address: string) => string, back = (url: string) => url) => {
      const { address, attempt } = await begin();
      return said(comeBack(back(await issuer.goThere(change(address))), { attempt }));
    };
    const as = (url: string) => url;
    assert.deepEqual(await tampered((url) => changed(url, 'nonce', 'another')), not);
    assert.deepEqual(await tampered((url) => changed(url, 'code_challenge', 'A'.repeat(43))), not);
    assert.deepEqual(await tampered(as, (url) => changed(url, 'iss', 'https://evil.example')), not);
    assert.deepEqual(await tampered(as, (url) => changed(url, 'code', 'guessed')), not);
  });

  test('where the person agreed there', async () => {
    const { attempt, address } = await begin();
    const state = new URL(address).searchParams.get('state') ?? '';
    const back = `${hall.url}/v1/signin/oidc/callback?error=access_denied&state=${state}`;
    assert.deepEqual(await said(comeBack(back, { attempt })), ['/signin?problem=issuer-denied', undefined]);
  });
});

describe('another way to sign in, linked to an account', () => {
  test('signs the same person in from then on', async () => {
    const bob = await somebody(hall.storage, 'bob');
    issuer.who = { id: 'sub-bob', name: 'Robert' };
    assert.equal((await link(bob)).location, '/me');
    assert.equal((await me(await signIn())).id, bob.account);
  });

  test('never moves from one account to another', async () => {
    const [one, other] = [await somebody(hall.storage, 'one-of-two'), await somebody(hall.storage, 'two-of-two')];
    issuer.who = { id: 'sub-two', name: 'Two' };
    await link(one);
    assert.equal((await link(other)).location, '/me?problem=identity-taken');
    assert.equal((await me(await signIn())).id, one.account);
  });

  test('is begun from our own page and ended in the same session', async () => {
    const [eve, mallory] = [await somebody(hall.storage, 'eve'), await somebody(hall.storage, 'mallory')];
    const path = '/v1/me/identities/oidc/link';
    assert.equal((await call(hall, { method: 'GET', path })).status, 401);
    const headers = { 'sec-fetch-site': 'cross-site', cookie: `guildhall=${eve.token}` };
    assert.equal((await call(hall, { method: 'GET', path, headers })).body['code'], 'foreign-origin');
    issuer.who = { id: 'sub-mallory', name: 'Mallory' };
    const { address, attempt } = await begin(path, mallory);
    const back = await issuer.goThere(address);
    assert.equal((await comeBack(back, { attempt, session: eve.token })).location, '/me?problem=attempt-foreign');
  });
});

test('where no such service is set up there is nothing to sign in by', async (t) => {
  const plain = await openHall();
  t.after(() => plain.close());
  for (const path of ['/v1/signin/oidc', '/v1/signin/oidc/callback']) {
    const { headers } = await call(plain, { method: 'GET', path });
    assert.equal(headers.get('location'), '/signin?problem=no-such-sign-in');
  }
  assert.equal((await call(plain, { method: 'GET', path: '/v1/hall' })).body['oidc'], null);
});

test('an issuer that is away, or calls itself something else, is said to be away; nobody hangs', async (t) => {
  const port = new URL(issuer.url).port;
  const wrong = { ...issuer.settings, OIDC_ISSUER: `http://localhost:${port}` };
  for (const settings of [wrong, { ...wrong, OIDC_ISSUER: 'http://127.0.0.1:9' }]) {
    const other = await openHall(settings);
    t.after(() => other.close());
    const told = await call(other, { method: 'GET', path: '/v1/signin/oidc' });
    assert.equal(told.headers.get('location'), '/signin?problem=issuer-away');
  }
});

test('Google’s own addresses and answers do as well', async (t) => {
  const port = await freePort();
  const google = await startGoogle(`http://127.0.0.1:${port}`);
  const other = await openHall({ PORT: String(port), SIGNUP: 'open', ...google.settings });
  t.after(() => google.stop());
  t.after(() => other.close());
  const there: There = { hall: other, issuer: google };
  const first = await me(await signIn('', there), other);
  assert.equal(first.name, 'Ann Lee');
  assert.equal((await me(await signIn('', there), other)).id, first.id);
});

test('accounts are made at the command line as ever, whatever service there is', async () => {
  const made = await createAccount(
    hall.hall.auth,
    { username: 'olga', password: 'correct horse battery' },
    { by: 'operator', owner: true },
  );
  assert.equal(made.operator, true);
});

interface There {
  hall: OpenHall;
  issuer: Issuer;
}

interface Back {
  location: string;
  /** The session's cookie: all of it, and its value. */
  cookie: string;
  session: string | undefined;
}

async function begin(path = '/v1/signin/oidc', who?: Somebody, at: OpenHall = hall) {
  const headers = { ...(who && { cookie: `guildhall=${who.token}` }) };
  const told = await call(at, { method: 'GET', path, headers });
  assert.equal(told.status, 303, told.text);
  const cookie = told.headers.getSetCookie().find((one) => one.startsWith('guildhall-attempt=')) ?? '';
  assert.match(cookie, /HttpOnly; SameSite=Lax$/);
  return { address: told.headers.get('location') ?? '', attempt: valueOf(cookie) };
}

async function comeBack(
  url: string,
  { attempt, session }: { attempt?: string; session?: string | undefined },
): Promise<Back> {
  const cookies = [attempt && `guildhall-attempt=${attempt}`, session && `guildhall=${session}`].filter(Boolean);
  const { origin, pathname, search } = new URL(url);
  const headers = { cookie: cookies.join('; '), 'sec-fetch-site': 'cross-site' };
  const told = await call({ url: origin }, { method: 'GET', path: pathname + search, headers });
  assert.equal(told.status, 303, told.text);
  const cookie = told.headers.getSetCookie().find((one) => one.startsWith('guildhall=')) ?? '';
  return { location: told.headers.get('location') ?? '', cookie, session: cookie ? valueOf(cookie) : undefined };
}

async function signIn(query = '', there: There = { hall, issuer }): Promise<Back> {
  const { address, attempt } = await begin(`/v1/signin/oidc${query}`, undefined, there.hall);
  return comeBack(await there.issuer.goThere(address), { attempt });
}

async function link(who: Somebody): Promise<Back> {
  const { address, attempt } = await begin('/v1/me/identities/oidc/link', who);
  return comeBack(await issuer.goThere(address), { attempt, session: who.token });
}

async function me({ session, location }: Back, at: OpenHall = hall) {
  assert.ok(session, location);
  const { body } = await call<{ account: { id: string; username: string; name: string } }>(at, {
    method: 'GET',
    path: '/v1/me',
    token: session,
  });
  return body.account;
}

async function said(coming: Promise<Back>): Promise<[string, string | undefined]> {
  const { location, session } = await coming;
  return [location, session];
}

function changed(address: string, name: string, value: string): string {
  const url = new URL(address);
  url.searchParams.set(name, value);
  return url.href;
}

function valueOf(cookie: string): string {
  return /^[^=]+=([^;]*)/.exec(cookie)?.[1] ?? '';
}
