import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as oauth from 'openid-client';
import { disable } from '#auth/disable.ts';
import { LIMITS } from '#core/limits.ts';
import { openHall, somebody, type OpenHall, type Somebody } from '#test/contracts/fixtures.ts';
import { call, type Answer } from '#test/support/person.ts';
import { startPostgres } from '#test/support/postgres.ts';

interface Begun {
  device_code: string;
  user_code: string;
  verification_uri: string;
  verification_uri_complete: string;
  expires_in: number;
  interval: number;
}

for (const engine of ['SQLite', 'PostgreSQL'] as const) {
  describe(`a program that signs in by its person’s browser, on ${engine}`, () => {
    let hall: OpenHall;
    let ann: Somebody;
    let postgres: Awaited<ReturnType<typeof startPostgres>>;

    before(async () => {
      if (engine === 'PostgreSQL') postgres = await startPostgres();
      hall = await openHall({ ...(postgres && { DATABASE_URL: await postgres.freshDatabase() }) });
      ann = await somebody(hall.storage, 'ann');
    });
    after(async () => {
      await hall.close();
      await postgres?.stop();
    });

    const ask = (path: string, body: unknown, token?: string): Promise<Answer> =>
      call(hall, { method: 'POST', path: `/v1/device/${path}`, body, ...(token && { token }) });
    /** As OAuth's own libraries send it. */
    const form = async (
      path: string,
      fields: Record<string, string>,
    ): Promise<{ status: number; type: string; body: Record<string, unknown> }> => {
      const response = await fetch(`${hall.url}/v1/device/${path}`, {
        method: 'POST',
        body: new URLSearchParams(fields),
      });
      const type = response.headers.get('content-type') ?? '';
      return { status: response.status, type, body: (await response.json()) as Record<string, unknown> };
    };
    const begin = async (scopes = ['read', 'post']): Promise<Begun> => {
      const answer = await ask('code', { client: 'notes on my phone', scopes });
      assert.equal(answer.status, 200, answer.text);
      return answer.body as never;
    };
    const poll = (begun: Begun) => ask('token', { device_code: begun.device_code });
    /** As if the time between two questions had passed. */
    const rested = () => hall.storage.write((tx) => tx.db.updateTable('device_logins').set({ polled_at: 1 }).execute());
    const told = (answer: Answer): unknown[] => [answer.status, answer.body['code'], answer.body['error']];

    test('gets a code for its person, waits for them, and then has a token with what was granted', async () => {
      const begun = await begin();
      assert.match(begun.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
      assert.equal(begun.verification_uri, `${hall.url}/device`);
      assert.equal(begun.verification_uri_complete, `${hall.url}/device?code=${begun.user_code}`);
      assert.deepEqual([begun.expires_in, begun.interval], [600, 5]);
      assert.deepEqual(told(await poll(begun)), [400, 'authorization-pending', 'authorization_pending']);
      const seen = await ask('request', { code: begun.user_code.toLowerCase().replace('-', ' ') }, ann.token);
      assert.deepEqual([seen.body['client'], seen.body['scopes']], ['notes on my phone', ['read', 'post']]);
      const granted = await ask('grant', { code: begun.user_code, scopes: ['read'], days: 30 }, ann.token);
      assert.equal(granted.status, 204, granted.text);
      const { status, body } = await poll(begun);
      assert.equal(status, 200);
      assert.deepEqual([body['token_type'], body['scope']], ['Bearer', 'read']);
      assert.ok(Math.abs(Number(body['expires_in']) - 30 * 86_400) < 60);
      const me = await call<{ account: { username: string } }>(hall, {
        method: 'GET',
        path: '/v1/me',
        token: String(body['access_token']),
      });
      assert.equal(me.body.account.username, 'ann');
      const [token] = await hall.storage.db.selectFrom('tokens').selectAll().orderBy('id', 'desc').execute();
      assert.equal(token?.name, 'notes on my phone');
    });

    test('the token is fetched once, also where two ask at the same time', async () => {
      const begun = await begin();
      await ask('grant', { code: begun.user_code }, ann.token);
      const answers = await Promise.all([poll(begun), poll(begun), poll(begun)]);
      assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 400, 400]);
      assert.deepEqual(told(await poll(begun)), [400, 'invalid-grant', 'invalid_grant']);
    });

    test('is told in the RFC’s words to slow down, that it was turned away, and that it came too late', async () => {
      const [eager, unwanted, late] = [await begin(), await begin(), await begin()];
      await poll(eager);
      assert.deepEqual(told(await poll(eager)), [400, 'slow-down', 'slow_down']);
      await rested();
      assert.deepEqual(told(await poll(eager)), [400, 'authorization-pending', 'authorization_pending']);
      assert.equal((await ask('refuse', { code: unwanted.user_code }, ann.token)).status, 204);
      assert.deepEqual(told(await poll(unwanted)), [400, 'access-denied', 'access_denied']);
      await hall.storage.write((tx) => tx.db.updateTable('device_logins').set({ expires_at: 1 }).execute());
      assert.deepEqual(told(await poll(late)), [400, 'expired-token', 'expired_token']);
      assert.equal((await ask('grant', { code: late.user_code }, ann.token)).body['code'], 'unknown-code');
    });

    test('may speak OAuth’s forms, and is then answered in plain JSON', async () => {
      const begun = await form('code', { client_id: 'gh-like', scope: 'read commands', client_secret: 'none' });
      assert.equal(begun.status, 200, JSON.stringify(begun.body));
      const { device_code, user_code } = begun.body as unknown as Begun;
      const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
      const waiting = await form('token', { grant_type, device_code, client_id: 'gh-like' });
      assert.deepEqual([waiting.status, waiting.body['error']], [400, 'authorization_pending']);
      assert.match(waiting.type, /^application\/json/);
      assert.ok(waiting.body['error_description']);
      await ask('grant', { code: user_code }, ann.token);
      const granted = await form('token', { grant_type, device_code, client_id: 'gh-like' });
      assert.deepEqual([granted.status, granted.body['scope']], [200, 'read commands']);
      for (const wrong of [{ grant_type: 'password', device_code }, { grant_type }])
        assert.deepEqual((await form('token', wrong as never)).body['error'], 'invalid_request');
      assert.equal((await form('code', { client_id: 'x', scope: 'everything' })).body['error'], 'invalid_request');
    });

    test('may be any program with an OAuth library: it finds the addresses by itself, waits and goes on', async () => {
      const options = { algorithm: 'oauth2' as const, execute: [oauth.allowInsecureRequests] };
      const found = await oauth.discovery(new URL(hall.url), 'a well-read program', undefined, oauth.None(), options);
      const begun = await oauth.initiateDeviceAuthorization(found, { scope: 'read me' });
      const asking = { device_code: begun.device_code };
      const early = oauth.genericGrantRequest(found, 'urn:ietf:params:oauth:grant-type:device_code', asking);
      await assert.rejects(early, { error: 'authorization_pending' });
      await ask('grant', { code: begun.user_code }, ann.token);
      const { access_token, scope } = await oauth.pollDeviceAuthorizationGrant(found, { ...begun, interval: 0.01 });
      assert.equal(scope, 'read me');
      assert.equal((await call(hall, { method: 'GET', path: '/v1/me/tokens', token: access_token })).status, 200);
    });

    test('a code is answered once: of a grant and a refusal at once one holds', async () => {
      const begun = await begin();
      const answers = await Promise.all(
        ['grant', 'refuse', 'grant', 'refuse'].map((what) => ask(what, { code: begun.user_code }, ann.token)),
      );
      assert.equal(answers.filter(({ status }) => status === 204).length, 1);
      assert.ok(answers.every(({ status, body }) => status === 204 || body['code'] === 'code-used'));
    });

    test('what was not asked for cannot be granted, and nothing is no answer', async () => {
      const begun = await begin(['read']);
      const none = await ask('grant', { code: begun.user_code, scopes: ['manage'] }, ann.token);
      assert.deepEqual([none.status, none.body['code']], [400, 'no-scope']);
    });

    test('no token grants another one, and a stranger is asked to sign in', async () => {
      const begun = await begin();
      const made = await call(hall, {
        method: 'POST',
        path: '/v1/me/tokens',
        token: ann.token,
        body: { name: 'x', scopes: ['me', 'manage'] },
      });
      const token = String(made.body['token']);
      assert.equal((await ask('grant', { code: begun.user_code }, token)).body['code'], 'session-needed');
      assert.equal((await ask('grant', { code: begun.user_code })).status, 401);
    });

    test('who guesses codes waits, and right ones cost nothing', async () => {
      const eve = await somebody(hall.storage, 'eve');
      const begun = await begin();
      const look = (code: string) => ask('request', { code }, eve.token);
      for (let n = 0; n < LIMITS.deviceTries.uses; n++) {
        assert.equal((await look('BCDF-GHJK')).status, 404);
        if (n < 5) assert.equal((await look(begun.user_code)).status, 200);
      }
      const stopped = await look(begun.user_code);
      assert.deepEqual([stopped.status, stopped.body['code']], [429, 'too-fast']);
    });

    test('whose person was disabled after granting gets nothing', async () => {
      const dan = await somebody(hall.storage, 'dan');
      const begun = await begin();
      await ask('grant', { code: begun.user_code }, dan.token);
      await disable(hall.hall.auth, 'dan');
      assert.equal((await poll(begun)).status, 400);
    });

    test('the codes themselves are kept nowhere, and what was decided stands in the audit', async () => {
      const begun = await begin();
      const rows = JSON.stringify([
        await hall.storage.db.selectFrom('device_logins').selectAll().execute(),
        await hall.storage.db.selectFrom('audit').selectAll().execute(),
      ]);
      assert.ok(!rows.includes(begun.device_code) && !rows.includes(begun.user_code));
      assert.ok(rows.includes('device.grant') && rows.includes('device.refuse'));
    });

    test('one address begins only so many', async () => {
      const answers = [];
      for (let n = 0; n <= LIMITS.deviceBegins.uses; n++) answers.push(await ask('code', { client: 'x' }));
      assert.deepEqual(told(answers.at(-1) as Answer), [429, 'too-fast', 'slow_down']);
    });
  });
}
