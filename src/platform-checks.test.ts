import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startDiscord } from '#test/simulators/discord/index.ts';
import { startSlack } from '#test/simulators/slack/index.ts';
import { startTwitch } from '#test/simulators/twitch/index.ts';
import { readConfig } from './config.ts';
import { checkPlatforms, slackManifestOf } from './platform-checks.ts';

const NOWHERE = '/no/such/folder';

describe('doctor looks at the platforms', () => {
  let stood: { env: Record<string, string>; stop(): Promise<void> }[];
  before(async () => (stood = await Promise.all([startDiscord(), startSlack(), startTwitch()])));
  after(() => Promise.all(stood.map((one) => one.stop())));
  const look = (env: Record<string, string>) =>
    checkPlatforms(readConfig(Object.assign({}, ...stood.map((one) => one.env), env), NOWHERE), ['timeOut']);

  test('tokens that are good are said to be, and Discord’s invite link asks for what is needed', async () => {
    const found = await look({});
    assert.deepEqual(
      found.map(({ name, state }) => [name, state]),
      [
        ['discord', 'ok'],
        ['slack', 'ok'],
        ['twitch', 'ok'],
      ],
    );
    const link = new URL(found[0]?.lines.at(-1) ?? '');
    const asked = BigInt(link.searchParams.get('permissions') ?? 0);
    const moderateMembers = 1n << 40n;
    assert.equal(asked & moderateMembers, moderateMembers);
    assert.equal(asked & 8n, 0n, 'never Administrator');
    assert.match(found[0]?.lines.join(' ') ?? '', /its role needs: Time out members\./);
  });

  test('a token that is refused is named once with the page that explains it', async () => {
    const found = await look({
      DISCORD_TOKEN: 'no.such.token',
      SLACK_BOT_TOKEN: 'xoxb-none',
      TWITCH_BOT_REFRESH_TOKEN: 'none',
    });
    for (const { name, state, lines } of found) {
      assert.equal(state, 'wrong', name);
      assert.equal(lines.join(' ').split(`docs/${name}.md`).length, 2, lines.join(' '));
    }
  });

  test('half a platform’s settings are wrong and the missing ones named; none is no fault', async () => {
    const [discord, slack, twitch] = await look({ DISCORD_TOKEN: '', SLACK_APP_TOKEN: '', TWITCH_CHANNELS: '' });
    assert.deepEqual([discord?.state, discord?.lines], ['skipped', ['skipped, DISCORD_TOKEN is not set']]);
    assert.deepEqual([slack?.state, twitch?.state], ['wrong', 'wrong']);
    assert.match(
      slack?.lines.join(' ') ?? '',
      /missing: SLACK_APP_TOKEN or SLACK_SIGNING_SECRET\. See docs\/slack\.md/,
    );
    assert.match(twitch?.lines.join(' ') ?? '', /missing: TWITCH_CHANNELS/);
  });

  test('the Slack manifest for HTTP names our address, the one for Socket Mode needs none', async () => {
    const config = readConfig({ PUBLIC_URL: 'https://hall.example.org' }, NOWHERE);
    const http = JSON.stringify(await slackManifestOf(config, { commands: [], socketMode: false }));
    assert.match(http, /https:\/\/hall\.example\.org\/slack\/events/);
    const socket = JSON.stringify(await slackManifestOf(config, { commands: [], socketMode: true }));
    assert.match(socket, /"socket_mode_enabled":true/);
  });
});
