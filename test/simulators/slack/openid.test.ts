import assert from 'node:assert/strict';
import { test } from 'node:test';
import { webApi } from '@slack/bolt';
import { startSlack } from './index.ts';

const REDIRECT = 'http://127.0.0.1:1/back';

test('signing in with the simulated Slack: the vendor’s client learns who agreed, once for each code', async (t) => {
  const slack = await startSlack();
  t.after(() => slack.stop());
  const { SLACK_API_URL: slackApiUrl = '', SLACK_CLIENT_ID: id = '', SLACK_CLIENT_SECRET: secret = '' } = slack.env;
  const asked = {
    client_id: id,
    scope: 'openid profile',
    redirect_uri: REDIRECT,
    state: 's',
    nonce: 'n',
    login: 'mia',
  };
  const page = `${slackApiUrl.replace(/api\/$/, '')}openid/connect/authorize?${new URLSearchParams(asked)}`;
  const back = new URL((await fetch(page, { redirect: 'manual' })).headers.get('location') ?? '');
  const code = back.searchParams.get('code') ?? '';
  const client = new webApi.WebClient(undefined, { slackApiUrl, retryConfig: { retries: 0 } });
  const redeem = (client_secret: string): ReturnType<typeof client.openid.connect.token> =>
    client.openid.connect.token({ client_id: id, client_secret, code, redirect_uri: REDIRECT });
  await assert.rejects(redeem('wrong'), /bad_client_secret/);
  const { access_token: token = '', id_token: signed = '' } = await redeem(secret);
  await assert.rejects(redeem(secret), /invalid_code/);
  const claims = JSON.parse(Buffer.from(signed.split('.')[1] ?? '', 'base64url').toString()) as Record<string, string>;
  const user = await client.openid.connect.userInfo({ token });
  const mia = slack.people.find(({ name }) => name === 'mia');
  assert.deepEqual([user.sub, claims['sub'], claims['nonce']], [mia?.id, mia?.id, 'n']);
  await client.auth.revoke({ token });
  await assert.rejects(client.openid.connect.userInfo({ token }), /invalid_auth/);
  assert.deepEqual(slack.violations, []);
});
