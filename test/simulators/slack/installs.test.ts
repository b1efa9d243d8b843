import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { App, SocketModeReceiver, webApi } from '@slack/bolt';
import { severalWorkspaces, type SeveralWorkspaces } from './several.ts';
import { startSlack, type SlackSimulator } from './index.ts';

const REDIRECT = 'http://127.0.0.1:1/back';

describe('two simulated workspaces with one app', () => {
  let sample: SlackSimulator;
  let traders: SlackSimulator;
  let all: SeveralWorkspaces;
  let client: webApi.WebClient;

  before(async () => {
    [sample, traders] = await Promise.all([startSlack(), startSlack({ team: 'Traders', installed: false })]);
    all = await severalWorkspaces([sample, traders]);
    const { SLACK_API_URL: slackApiUrl = '' } = all.env;
    client = new webApi.WebClient(undefined, { slackApiUrl, retryConfig: { retries: 0 } });
  });
  after(() => Promise.all([all, sample, traders].map((one) => one.stop())));

  const credentials = () => ({
    client_id: all.env['SLACK_CLIENT_ID'] ?? '',
    client_secret: all.env['SLACK_CLIENT_SECRET'] ?? '',
  });

  /** Where the browser comes back to after this person said yes, or nobody did. */
  async function agreed(login: string): Promise<URL> {
    const { client_id } = credentials();
    const asked = { client_id, scope: 'chat:write,commands', redirect_uri: REDIRECT, state: 's' };
    const query = new URLSearchParams({ ...asked, team: traders.team.id, login });
    const page = `${all.env['SLACK_API_URL']?.replace(/api\/$/, '')}oauth/v2/authorize?${query}`;
    return new URL((await fetch(page, { redirect: 'manual' })).headers.get('location') ?? '');
  }

  const redeem = async (back: URL) =>
    client.oauth.v2.access({ ...credentials(), code: back.searchParams.get('code') ?? '', redirect_uri: REDIRECT });

  test('the vendor’s client gets a token for the second, once for each code, and the same one again while it holds', async () => {
    const back = await agreed('olga');
    const told = await redeem(back);
    assert.deepEqual([told.team, told.token_type], [{ id: 'T0TRADERS', name: 'Traders' }, 'bot']);
    assert.equal(told.is_enterprise_install, false);
    await assert.rejects(redeem(back), /invalid_code/);
    const who = await client.auth.test({ token: told.access_token ?? '' });
    assert.deepEqual([who.team_id, who.user_id], ['T0TRADERS', told.bot_user_id]);
    const user = await client.users.info({ token: told.access_token ?? '', user: told.authed_user?.id ?? '' });
    assert.equal(user.user?.is_owner, true);
    assert.equal((await redeem(await agreed('mia'))).access_token, told.access_token);
    assert.equal((await agreed('')).searchParams.get('error'), 'access_denied');
  });

  test('a Bolt app with a token for each workspace hears both by one link, and answers each by its own', async () => {
    const receiver = new SocketModeReceiver({
      appToken: all.env['SLACK_APP_TOKEN'] ?? '',
      installerOptions: { clientOptions: { slackApiUrl: all.env['SLACK_API_URL'] ?? '' } },
    });
    const tokens = new Map([sample, traders].map((one) => [one.team.id, one]));
    const app = new App({
      receiver,
      clientOptions: { slackApiUrl: all.env['SLACK_API_URL'] ?? '' },
      authorize: async ({ teamId }) => {
        const one = tokens.get(teamId ?? '');
        return { botToken: one?.token() ?? '', botUserId: one?.bot.id ?? '', botId: one?.bot.botId ?? '' };
      },
    });
    app.event('app_mention', async ({ say }) => void (await say('Here I am.')));
    await app.start();
    await sample.connected();
    for (const one of [sample, traders]) {
      await one.say('mia', 'square', '@Guildhall hello');
      while (one.seen('square').at(-1)?.text !== 'Here I am.') await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await app.stop();
    assert.deepEqual([sample.violations, traders.violations], [[], []]);
  });

  test('a token that is given back is good no more, and a new one comes with the next installation', async () => {
    const token = traders.token();
    assert.equal((await client.auth.revoke({ token })).ok, true);
    await assert.rejects(client.auth.test({ token }), /token_revoked/);
    const next = await redeem(await agreed('olga'));
    assert.notEqual(next.access_token, token);
  });
});

test('an installation for a whole organisation tells no workspace', async (t) => {
  const slack = await startSlack({ orgWide: true });
  t.after(() => slack.stop());
  const { SLACK_CLIENT_ID: client_id = '', SLACK_CLIENT_SECRET: client_secret = '' } = slack.env;
  const query = new URLSearchParams({ client_id, scope: 'commands', redirect_uri: REDIRECT, login: 'olga' });
  const page = `${slack.env['SLACK_API_URL']?.replace(/api\/$/, '')}oauth/v2/authorize?${query}`;
  const back = new URL((await fetch(page, { redirect: 'manual' })).headers.get('location') ?? '');
  const client = new webApi.WebClient(undefined, { slackApiUrl: slack.env['SLACK_API_URL'] ?? '' });
  const code = back.searchParams.get('code') ?? '';
  const told = await client.oauth.v2.access({ client_id, client_secret, code, redirect_uri: REDIRECT });
  assert.deepEqual([told.team, told.is_enterprise_install], [null, true]);
});
