import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createAccount } from '#auth/sign-up.ts';
import { LIMITS } from '#core/limits.ts';
import { openHall, type OpenHall } from '#test/contracts/fixtures.ts';
import { freePort } from '#test/support/free-port.ts';
import { startIssuer, type OwnIssuer } from '#test/support/issuers.ts';
import { call, PASSWORD, type Answer } from '#test/support/person.ts';
import { codeAt } from '#vault/totp.ts';

let issuer: OwnIssuer;
let hall: OpenHall;
let names = 0;

before(async () => {
  const port = await freePort();
  issuer = await startIssuer(`http://127.0.0.1:${port}`);
  hall = await openHall({ PORT: String(port), SIGNUP: 'open', ...issuer.settings });
});
after(async () => {
  await hall?.close();
  await issuer?.stop();
});

describe('a second factor', () => {
  test('asks for nothing until a code confirmed it, and then at every sign-in', async () => {
    const ann = await person();
    const { key, uri } = await ann.begin();
    assert.match(key, /^[A-Z2-7]{32}$/);
    assert.equal(uri, `otpauth://totp/Guildhall%3A${ann.username}?secret=${key}&issuer=Guildhall`);
    assert.equal((await ann.signIn()).status, 201);
    assert.equal((await ann.ask('POST', '/confirm', { code: '000000' })).body['code'], 'wrong-code');
    assert.equal((await ann.ask('POST', '/confirm', { code: codeOf(key, -5) })).status, 401);
    assert.equal((await ann.ask('POST', '/confirm', { code: codeOf(key) })).status, 200);
    const needed = await ann.signIn();
    assert.deepEqual([needed.status, needed.body['code']], [401, 'second-factor-needed']);
    assert.equal((await ann.signIn({ code: codeOf(key, 1) })).status, 201);
  });

  test('takes a code once, and no older one after it', async () => {
    const ann = await person();
    const { key } = await ann.turnOn();
    const code = codeOf(key, 1);
    const told = await Promise.all([ann.signIn({ code }), ann.signIn({ code: spaced(code) })]);
    assert.deepEqual(told.map(({ status }) => status).toSorted(), [201, 401]);
    assert.equal((await ann.signIn({ code: codeOf(key) })).body['code'], 'wrong-code');
  });

  test('says nothing to who does not know the password', async () => {
    const ann = await person();
    const { key } = await ann.turnOn();
    const told = await ann.signIn({ password: 'not my password', code: codeOf(key, 1) });
    assert.deepEqual([told.status, told.body['code']], [401, 'wrong-sign-in']);
  });

  test('has ten recovery codes, each good once, which come anew for the password and one of them', async () => {
    const ann = await person();
    const { recoveryCodes } = await ann.turnOn();
    assert.equal(new Set(recoveryCodes).size, LIMITS.recoveryCodes);
    const [first = '', second = ''] = recoveryCodes;
    assert.equal((await ann.signIn({ code: ` ${first.toLowerCase().replace('-', '')}` })).status, 201);
    assert.equal((await ann.signIn({ code: first })).body['code'], 'wrong-code');
    assert.equal((await ann.facts()).secondFactor?.recoveryCodes, 9);
    assert.equal((await ann.ask('POST', '/recovery-codes', { password: 'wrong' })).body['code'], 'wrong-password');
    assert.equal(
      (await ann.ask('POST', '/recovery-codes', { password: PASSWORD })).body['code'],
      'second-factor-needed',
    );
    const { body } = await ann.ask('POST', '/recovery-codes', { password: PASSWORD, code: recoveryCodes[2] });
    assert.equal((await ann.signIn({ code: second })).status, 401);
    assert.equal((await ann.signIn({ code: (body['recoveryCodes'] as string[])[0] ?? '' })).status, 201);
  });

  test('makes guesses wait, whatever the address, and a wrong password is another matter', async () => {
    const ann = await person();
    await ann.turnOn();
    for (let n = 0; n < 5; n++) assert.ok([401, 429].includes((await ann.signIn({ code: '000000' })).status));
    const waits = await ann.signIn({ code: '000000' });
    assert.equal(waits.status, 429);
    assert.ok(Number(waits.headers.get('retry-after')) >= 1);
    assert.equal((await ann.signIn()).body['code'], 'second-factor-needed');
  });

  test('is turned off by the password and a code together; then it can be set up anew', async () => {
    const ann = await person();
    const [code, again] = (await ann.turnOn()).recoveryCodes;
    assert.equal((await ann.ask('POST', '', { password: PASSWORD, code: again })).body['code'], 'second-factor-on');
    for (const body of [{ code }, { code, password: 'wrong' }])
      assert.equal((await ann.ask('DELETE', '', body)).body['code'], 'wrong-password');
    assert.equal((await ann.ask('DELETE', '', { password: PASSWORD })).body['code'], 'second-factor-needed');
    assert.equal((await ann.ask('DELETE', '', { password: PASSWORD, code: '000000' })).body['code'], 'wrong-code');
    assert.equal((await ann.ask('DELETE', '', { password: PASSWORD, code })).status, 204);
    assert.equal((await ann.signIn()).status, 201);
    assert.equal((await ann.ask('DELETE', '', { password: PASSWORD })).status, 404);
    await ann.turnOn();
  });

  test('is asked for before the password or the address changes, which would be ways around it', async () => {
    const ann = await person();
    const { recoveryCodes } = await ann.turnOn();
    const asked = [
      ['PUT', '/v1/me/password', { current: PASSWORD, new: `${PASSWORD} too` }],
      ['PUT', '/v1/me/email', { email: `${ann.username}@example.org`, password: `${PASSWORD} too` }],
      ['DELETE', '/v1/me/email', { password: `${PASSWORD} too` }],
    ] as const;
    for (const [n, [method, path, body]] of asked.entries()) {
      const without = await call(hall, { method, path, body, token: ann.token });
      assert.deepEqual([without.status, without.body['code']], [401, 'second-factor-needed'], path);
      const code = recoveryCodes[n];
      assert.equal((await call(hall, { method, path, body: { ...body, code }, token: ann.token })).status, 204, path);
    }
  });

  test('is no secret that a person could read, replace or forget beside it', async () => {
    const ann = await person();
    await ann.turnOn();
    const list = await call<{ secrets: unknown[] }>(hall, { method: 'GET', path: '/v1/me/secrets', token: ann.token });
    assert.deepEqual(list.body.secrets, []);
    for (const [method, path, body] of [
      ['PUT', '/v1/me/secrets/totp', { value: 'GEZDGNBVGY3TQOJQ' }],
      ['DELETE', '/v1/me/secrets/totp', undefined],
      ['POST', '/v1/me/secrets/totp/check', undefined],
    ] as const)
      assert.equal((await call(hall, { method, path, body, token: ann.token })).status, 400, `${method} ${path}`);
    const rows = JSON.stringify(await hall.storage.db.selectFrom('secrets').selectAll().execute());
    assert.ok(rows.includes('totp'));
  });

  test('asks whom another service vouches for, too: the code, in the same browser', async () => {
    issuer.who = { id: 'sub-second', name: 'Sec Ond' };
    const first = await byIssuer();
    const token = valueOf(first.cookies, 'guildhall');
    const ask = (method: string, path: string, body: unknown) =>
      call<Begun>(hall, { method, path: `/v1/me/second-factor${path}`, body, token });
    const { key } = (await ask('POST', '', {})).body;
    const { recoveryCodes } = (await ask('POST', '/confirm', { code: codeOf(key) })).body;
    const again = await byIssuer();
    assert.equal(again.location, '/signin?step=code&next=%2F');
    assert.equal(valueOf(again.cookies, 'guildhall'), '');
    const attempt = valueOf(again.cookies, 'guildhall-attempt');
    const step = (code: string, cookie: string) =>
      call(hall, {
        method: 'POST',
        path: '/v1/sessions/second-step',
        body: { code },
        headers: { cookie: `guildhall-attempt=${cookie}` },
      });
    assert.equal((await step(codeOf(key, 1), 'x')).body['code'], 'attempt-foreign');
    assert.equal((await step('000000', attempt)).body['code'], 'wrong-code');
    assert.equal((await step(codeOf(key, 1), attempt)).status, 201);
    assert.equal((await step(recoveryCodes[0] ?? '', attempt)).body['code'], 'attempt-used');
    assert.equal((await ask('DELETE', '', {})).body.code, 'second-factor-needed');
    const setFirst = (more: object) =>
      call(hall, { method: 'PUT', path: '/v1/me/password', body: { new: PASSWORD, ...more }, token });
    assert.equal((await setFirst({})).body['code'], 'second-factor-needed');
    await hall.storage.write((tx) =>
      tx.db
        .updateTable('sessions')
        .set({ created_at: Date.now() - 11 * 60_000 })
        .execute(),
    );
    assert.equal((await setFirst({ code: recoveryCodes[1] })).body['code'], 'not-fresh');
    assert.equal((await ask('DELETE', '', { code: recoveryCodes[1] })).body.code, 'not-fresh');
  });
});

interface Begun {
  code?: string;
  key: string;
  uri: string;
  recoveryCodes: string[];
}

async function person() {
  const username = `person-${(names += 1)}`;
  await createAccount(hall.hall.auth, { username, password: PASSWORD }, { by: 'operator', owner: false });
  const signIn = (more: { password?: string; code?: string } = {}): Promise<Answer> =>
    call(hall, { method: 'POST', path: '/v1/sessions', body: { username, password: PASSWORD, ...more } });
  const token = String((await signIn()).body['token']);
  const ask = (method: string, path: string, body: unknown): Promise<Answer> =>
    call(hall, { method, path: `/v1/me/second-factor${path}`, body, token });
  const begin = async () => (await ask('POST', '', { password: PASSWORD })).body as unknown as Begun;
  return {
    username,
    token,
    signIn,
    ask,
    begin,
    async turnOn() {
      const { key } = await begin();
      const { body, text } = await ask('POST', '/confirm', { code: codeOf(key) });
      return { key, recoveryCodes: (body as unknown as Begun).recoveryCodes ?? assert.fail(text) };
    },
    async facts() {
      const asked = { method: 'GET', path: '/v1/me/sign-in', token };
      return (await call<{ secondFactor: { recoveryCodes: number } | null }>(hall, asked)).body;
    },
  };
}

/** A code of this half minute, or one so many after it: both are still good if the next one begins meanwhile. */
function codeOf(key: string, off = 0): string {
  const bits = [...key].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  );
  const bytes = (bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  return codeAt(Buffer.from(bytes), Math.floor(Date.now() / 30_000) + off);
}

function spaced(code: string): string {
  return `${code.slice(0, 3)} ${code.slice(3)}`;
}

async function byIssuer() {
  const begun = await call(hall, { method: 'GET', path: '/v1/signin/oidc' });
  const attempt = valueOf(begun.headers.getSetCookie(), 'guildhall-attempt');
  const back = await issuer.goThere(begun.headers.get('location') ?? '');
  const path = back.slice(hall.url.length);
  const ended = await call(hall, { method: 'GET', path, headers: { cookie: `guildhall-attempt=${attempt}` } });
  return { location: ended.headers.get('location'), cookies: ended.headers.getSetCookie() };
}

/** The last one of that name. */
function valueOf(cookies: string[], name: string): string {
  const mine = cookies.findLast((one) => one.startsWith(`${name}=`)) ?? '';
  return /^[^=]+=([^;]*)/.exec(mine)?.[1] ?? '';
}
