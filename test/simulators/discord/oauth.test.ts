import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { REST, Routes, type APIUser } from 'discord.js';
import { withDiscord } from './with-client.ts';

const REDIRECT = 'http://127.0.0.1:1/back';

describe('agreeing to an application at the Discord simulator', () => {
  test('a code becomes a token, by which the vendor’s client learns who agreed, until it is revoked', () =>
    withDiscord({}, async ({ env, people, violations }) => {
      const { DISCORD_API_URL: api = '', DISCORD_CLIENT_ID: id = '', DISCORD_CLIENT_SECRET: secret = '' } = env;
      const agreed = await fetch(
        `${api.replace(/\/api$/, '')}/oauth2/authorize?${new URLSearchParams({
          response_type: 'code',
          client_id: id,
          scope: 'identify',
          redirect_uri: REDIRECT,
          state: 's',
          login: 'mia',
        })}`,
        { redirect: 'manual' },
      );
      const back = new URL(agreed.headers.get('location') ?? '');
      assert.equal(back.searchParams.get('state'), 's');
      const basic = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
      const post = (path: string, fields: Record<string, string>, authorization = basic): Promise<Response> =>
        fetch(api + path, { method: 'POST', body: new URLSearchParams(fields), headers: { authorization } });
      const grant = {
        grant_type: 'authorization_code',
        code: back.searchParams.get('code') ?? '',
        redirect_uri: REDIRECT,
      };
      assert.equal((await post('/v10/oauth2/token', grant, 'Basic eDp5')).status, 401);
      assert.equal((await post('/v10/oauth2/token', { ...grant, redirect_uri: `${REDIRECT}/else` })).status, 400);
      const { access_token: token } = (await (await post('/v10/oauth2/token', grant)).json()) as {
        access_token: string;
      };
      assert.equal((await post('/v10/oauth2/token', grant)).status, 400, 'a code is good once');
      const rest = new REST({ api, version: '10', authPrefix: 'Bearer' }).setToken(token);
      const user = (await rest.get(Routes.user())) as APIUser;
      assert.equal(user.id, people.find(({ name }) => name === 'mia')?.id);
      assert.equal((await post('/v10/oauth2/token/revoke', { token })).status, 200);
      await assert.rejects(rest.get(Routes.user()), /401/);
      assert.deepEqual(violations, []);
    }));
});
