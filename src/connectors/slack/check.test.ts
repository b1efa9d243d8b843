import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startSlack, type SlackSimulator } from '#test/simulators/slack/index.ts';
import { slackActions } from './actions.ts';
import { checkSlack } from './check.ts';
import { SCOPES } from './slack.external.ts';
import { webApi } from './web-api.ts';

describe('before it starts', () => {
  let slack: SlackSimulator;
  before(async () => (slack = await startSlack({ scopes: SCOPES })));
  after(() => slack.stop());
  const check = (more: Parameters<typeof checkSlack>[0] = {}) => {
    const { SLACK_BOT_TOKEN: botToken = '', SLACK_APP_TOKEN: appToken = '', SLACK_API_URL: apiUrl = '' } = slack.env;
    return checkSlack({ botToken, appToken, apiUrl, ...more });
  };

  test('good tokens tell the workspace and the bot', async () =>
    assert.deepEqual(await check(), { ok: true, team: 'Sample', name: 'guildhall', missing: [] }));

  test('rights that are missing are named', async () => {
    slack.setScopes(SCOPES.filter((scope) => scope !== 'files:write'));
    const checked = await check();
    slack.setScopes(SCOPES);
    assert.deepEqual(checked.ok && checked.missing, ['files:write']);
  });

  const wrong: [what: string, options: Parameters<typeof checkSlack>[0], says: RegExp][] = [
    ['no bot token', { botToken: '' }, /^SLACK_BOT_TOKEN is not set/],
    ['a wrong bot token', { botToken: 'xoxb-x' }, /SLACK_BOT_TOKEN \(invalid_auth\).*docs\/slack\.md/],
    ['a wrong app token', { appToken: 'xapp-x' }, /SLACK_APP_TOKEN \(invalid_auth\)/],
    ['nobody there', { apiUrl: 'http://127.0.0.1:9/api/' }, /Slack cannot be reached/],
  ];
  for (const [what, options, says] of wrong) {
    test(`${what} is told in a sentence`, async () => {
      const checked = await check(options);
      assert.match(checked.ok ? '' : checked.why, says);
    });
  }

  test('a page that is not Slack’s is no Slack', async () => {
    const fetch = async () => new Response('<html>', { status: 200 });
    assert.match(JSON.stringify(await check({ fetch })), /cannot be reached/);
  });
});

describe('what a bot may do', () => {
  let slack: SlackSimulator;
  before(async () => (slack = await startSlack()));
  after(() => slack.stop());
  const actions = () =>
    slackActions(
      webApi({
        token: slack.env.SLACK_BOT_TOKEN ?? '',
        apiUrl: slack.env.SLACK_API_URL ?? '',
        fetch,
        timeout: 2_000,
        heard: () => undefined,
      }),
    );

  test('its own message can be deleted, another’s not', async () => {
    const { deleteMessage } = actions();
    const theirs = await slack.say('mia', 'square', 'hello');
    const room = slack.rooms.find(({ name }) => name === 'square')?.id ?? '';
    await assert.rejects(deleteMessage({ space: 'T0SAMPLE', room, message: theirs }), {
      code: 'cannot-delete-message',
      status: 409,
    });
    const body = JSON.stringify({ channel: room, text: 'mine' });
    const headers = { authorization: `Bearer ${slack.env.SLACK_BOT_TOKEN}`, 'content-type': 'application/json' };
    const said = await fetch(`${slack.env.SLACK_API_URL}chat.postMessage`, { method: 'POST', headers, body });
    const { ts } = (await said.json()) as { ts: string };
    for (const _ of ['there', 'gone']) await deleteMessage({ space: 'T0SAMPLE', room, message: ts });
    assert.deepEqual(
      slack.seen('square').map(({ text }) => text),
      ['hello'],
    );
  });

  test('roles, names and time-outs are no bot’s business; each says what to do instead', async () => {
    const { grantRole, removeRole, setNickname, timeOut, deleteMessage, ...others } = actions();
    const target = { space: 'T0SAMPLE', person: 'U0MIA' };
    await assert.rejects(grantRole(target, 'x'), { code: 'cannot-grant-role', message: /Manage members/ });
    await assert.rejects(removeRole(target, 'x'), { code: 'cannot-remove-role', message: /Manage members/ });
    await assert.rejects(setNickname(target, 'x'), { code: 'cannot-set-nickname', message: /profile/ });
    await assert.rejects(timeOut(target, 1, 'x'), { code: 'cannot-time-out', message: /remove the person/ });
    await timeOut(target, 0, 'its end is none');
    await assert.rejects(others.kick(target, 'x'), {
      code: 'cannot-kick',
      message: /^Slack: no app can remove people/,
    });
    await assert.rejects(others.ban(target, 'x'), { code: 'cannot-ban', message: /must deactivate the account/ });
    await assert.rejects(others.unban(target, 'x'), { code: 'cannot-unban', message: /activate it again/ });
    await assert.rejects(others.slowMode(target, 5), { code: 'cannot-slow-mode', message: /no slow mode/ });
    await assert.rejects(deleteMessage(target), { code: 'cannot-delete-message' });
  });

  test('when Slack is away, it is 503 and worth another try', async () => {
    slack.faults.answer(503, 1);
    await assert.rejects(actions().deleteMessage({ space: 'T', room: 'C', message: '1.1' }), { status: 503 });
  });
});
