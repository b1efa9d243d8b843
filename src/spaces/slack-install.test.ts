import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSlack, type SlackOptions, type SlackSimulator } from '#test/simulators/slack/index.ts';
import { slackInstaller, type Installed } from './slack-install.external.ts';

const REDIRECT = 'http://127.0.0.1:1/back';

/** What comes of it when somebody of a simulated workspace agrees. */
async function installed(slack: SlackSimulator, login: string): Promise<Installed> {
  const {
    SLACK_CLIENT_ID: clientId = '',
    SLACK_CLIENT_SECRET: clientSecret = '',
    SLACK_API_URL: apiUrl = '',
  } = slack.env;
  const installer = slackInstaller({ clientId, clientSecret, apiUrl, scopes: ['chat:write', 'users:read'] });
  const page = `${installer.address({ redirect: REDIRECT, state: 's' })}&login=${login}`;
  const back = new URL((await fetch(page, { redirect: 'manual' })).headers.get('location') ?? '');
  return installer.install({ code: back.searchParams.get('code') ?? '', redirect: REDIRECT });
}

async function simulated(t: { after(act: () => Promise<void>): void }, options: Partial<SlackOptions>) {
  const slack = await startSlack(options);
  t.after(() => slack.stop());
  return slack;
}

test('Slack’s own word tells whether an owner, an admin or anybody else installed the bot', async (t) => {
  const slack = await simulated(t, { team: 'Traders', installed: false });
  for (const [login, byAdmin] of [
    ['olga', true],
    ['adam', true],
    ['mona', false],
    ['mia', false],
  ] as const)
    assert.deepEqual(await installed(slack, login), {
      token: slack.token(),
      team: { id: 'T0TRADERS', name: 'Traders' },
      byAdmin,
    });
  assert.deepEqual(slack.violations, []);
});

test('an installation for a whole organisation is refused, and its token given back', async (t) => {
  const slack = await simulated(t, { orgWide: true, installed: false });
  await assert.rejects(installed(slack, 'olga'), { status: 409, code: 'whole-organisation' });
  assert.equal(slack.calls.at(-1)?.path, '/api/auth.revoke');
});

test('where Slack fails nothing is installed, and it may be tried again', async (t) => {
  const slack = await simulated(t, { installed: false });
  slack.faults.answer(503, 1, { match: 'oauth.v2.access' });
  await assert.rejects(installed(slack, 'olga'), { status: 502, code: 'slack-failed' });
  assert.equal((await installed(slack, 'olga')).byAdmin, true);
});
