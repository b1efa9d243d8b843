import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import {
  exchangeCode,
  getAppToken,
  getTokenInfo,
  InvalidTokenError,
  refreshUserToken,
  revokeToken,
} from '@twurple/auth';
import { startTwitch, type Twitch, type TwitchOptions } from './index.ts';

describe('signing in at the Twitch simulator', () => {
  let twitch: Twitch;
  let now = 1_700_000_000_000;
  const clock = (): number => now;
  const start = async (options: TwitchOptions = {}): Promise<void> => {
    await twitch?.stop();
    twitch = await startTwitch({ clock, ...options });
    process.env.TWURPLE_MOCK_API_PORT = new URL(twitch.page).port;
  };
  beforeEach(() => start());
  afterEach(() => twitch.stop());

  const id = (): string => twitch.env.TWITCH_CLIENT_ID ?? '';
  const secret = (): string => twitch.env.TWITCH_CLIENT_SECRET ?? '';
  const refreshToken = (): string => twitch.env.TWITCH_BOT_REFRESH_TOKEN ?? '';
  const post = async (
    path: string,
    fields: Record<string, string>,
  ): Promise<[status: number, body: Record<string, unknown>]> => {
    const response = await fetch(`${twitch.env.TWITCH_AUTH_URL}${path}`, {
      method: 'POST',
      body: new URLSearchParams(fields),
    });
    const text = await response.text();
    return [response.status, text === '' ? {} : JSON.parse(text)];
  };
  const refresh = (fields: Record<string, string> = {}): ReturnType<typeof post> =>
    post('/token', {
      grant_type: 'refresh_token',
      client_id: id(),
      client_secret: secret(),
      refresh_token: refreshToken(),
      ...fields,
    });
  const validate = (token: string): Promise<Response> =>
    fetch(`${twitch.env.TWITCH_AUTH_URL}/validate`, { headers: { authorization: `OAuth ${token}` } });

  test('a refresh gives an access token with its scopes as a list, and keeps the refresh token', async () => {
    const [status, body] = await refresh();
    assert.equal(status, 200);
    assert.deepEqual([body.token_type, body.expires_in, body.refresh_token], ['bearer', 14_400, refreshToken()]);
    assert.ok(Array.isArray(body.scope) && body.scope.includes('chat:edit'));
    assert.match(String(body.access_token), /^[a-z0-9]{30}$/);
  });

  test('the vendor’s library refreshes, validates and revokes', async () => {
    const token = await refreshUserToken(id(), secret(), refreshToken());
    const info = await getTokenInfo(token.accessToken, id());
    assert.deepEqual([info.userName, info.userId, info.clientId], ['guildhall', '900', id()]);
    assert.ok(info.scopes.includes('chat:read'));
    await revokeToken(id(), token.accessToken);
    await assert.rejects(getTokenInfo(token.accessToken, id()), InvalidTokenError);
    assert.deepEqual(twitch.violations, []);
  });

  test('a token lives as long as it says', async () => {
    const [, body] = await refresh();
    const token = String(body.access_token);
    now += 14_399_000;
    assert.deepEqual(((await (await validate(token)).json()) as { expires_in: number }).expires_in, 1);
    now += 1_000;
    const ended = await validate(token);
    assert.equal(ended.status, 401);
    assert.deepEqual(await ended.json(), { status: 401, message: 'invalid access token' });
  });

  test('expireTokens ends every access token, revokeRefreshToken every refresh', async () => {
    const [, body] = await refresh();
    twitch.expireTokens();
    assert.equal((await validate(String(body.access_token))).status, 401);
    assert.equal((await refresh())[0], 200);
    twitch.revokeRefreshToken();
    assert.deepEqual(await refresh(), [400, { error: 'Bad Request', status: 400, message: 'Invalid refresh token' }]);
  });

  const wrong: [what: string, fields: Record<string, string>, status: number, message: string][] = [
    ['a wrong refresh token', { refresh_token: 'wrong' }, 400, 'Invalid refresh token'],
    ['a wrong secret', { client_secret: 'wrong' }, 403, 'invalid client secret'],
    ['no secret', { client_secret: '' }, 400, 'missing client secret'],
    ['an unknown application', { client_id: 'wrong' }, 400, 'invalid client'],
    ['no application', { client_id: '' }, 400, 'missing client id'],
    ['an unknown grant', { grant_type: 'password' }, 400, 'Invalid grant type'],
  ];
  for (const [what, fields, status, message] of wrong) {
    test(`${what} is refused`, async () => {
      const [got, body] = await refresh(fields);
      assert.deepEqual([got, body.status, body.message], [status, status, message]);
    });
  }

  test('refresh tokens can be made to change with each use', async () => {
    await start({ rotate: true });
    const [, body] = await refresh();
    assert.notEqual(body.refresh_token, refreshToken());
    assert.equal((await refresh())[0], 400);
    assert.equal((await refresh({ refresh_token: String(body.refresh_token) }))[0], 200);
  });

  test('any token of the right form can be let in, as one of the bot', async () => {
    const made = { client_id: 'a'.repeat(30), client_secret: 'b'.repeat(30), refresh_token: 'c'.repeat(50) };
    assert.equal((await refresh(made))[0], 400);
    await start({ anyToken: true });
    const [status, body] = await refresh(made);
    const info = (await (await validate(String(body.access_token))).json()) as { login: string };
    assert.deepEqual([status, info.login], [200, 'guildhall']);
    assert.equal((await refresh({ ...made, refresh_token: 'short' }))[0], 400);
    twitch.revokeRefreshToken();
    assert.equal((await refresh(made))[0], 400);
  });

  const query = (more: Record<string, string> = {}): URLSearchParams =>
    new URLSearchParams({
      client_id: id(),
      redirect_uri: 'http://127.0.0.1:3000/back',
      response_type: 'code',
      scope: 'user:read:email chat:read',
      state: 's t',
      ...more,
    });
  const authorize = (more?: Record<string, string>): Promise<Response> =>
    fetch(`${twitch.env.TWITCH_AUTH_URL}/authorize?${query(more)}`, { redirect: 'manual' });

  test('a person agrees on a page, and the code becomes a token of that person', async () => {
    const page = await (await authorize()).text();
    const link = /href="([^"]*login=mia)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const back = await fetch(new URL(link, twitch.page), { redirect: 'manual' });
    const to = new URL(back.headers.get('location') ?? '');
    assert.deepEqual([back.status, to.pathname, to.searchParams.get('state')], [302, '/back', 's t']);
    const code = to.searchParams.get('code') ?? '';
    await assert.rejects(exchangeCode(id(), secret(), code, 'http://127.0.0.1:3000/other'), /redirect_uri/);
    const token = await exchangeCode(id(), secret(), code, 'http://127.0.0.1:3000/back');
    assert.deepEqual(token.scope, ['user:read:email', 'chat:read']);
    assert.equal((await getTokenInfo(token.accessToken)).userName, 'mia');
    assert.equal((await refreshUserToken(id(), secret(), token.refreshToken ?? '')).scope.length, 2);
    await assert.rejects(
      exchangeCode(id(), secret(), code, 'http://127.0.0.1:3000/back'),
      /Invalid authorization code/,
    );
  });

  test('a person may refuse, and a strange address gets nobody', async () => {
    const refused = new URL((await authorize({ login: '' })).headers.get('location') ?? '');
    assert.equal(refused.searchParams.get('error'), 'access_denied');
    assert.equal((await authorize({ redirect_uri: 'http://example.com/' })).status, 400);
    assert.equal((await authorize({ redirect_uri: 'nonsense' })).status, 400);
    assert.equal((await authorize({ client_id: 'wrong' })).status, 400);
  });

  test('a device waits until a person agrees', async () => {
    const [, device] = await post('/device', { client_id: id(), scopes: 'chat:read' });
    const redeem = (): ReturnType<typeof post> =>
      post('/token', {
        client_id: id(),
        device_code: String(device.device_code),
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      });
    assert.deepEqual((await redeem())[1], { status: 400, message: 'authorization_pending' });
    await fetch(`${String(device.verification_uri)}&login=max`);
    const [status, body] = await redeem();
    assert.deepEqual([status, body.scope], [200, ['chat:read']]);
    assert.equal((await redeem())[1].message, 'invalid device code');
  });

  test('an application has a token of its own, of nobody', async () => {
    const token = await getAppToken(id(), secret());
    const info = await getTokenInfo(token.accessToken, id());
    assert.deepEqual([info.userId, info.userName, info.clientId], [null, null, id()]);
  });
});
