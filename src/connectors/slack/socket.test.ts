import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, test } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { NO_PACE } from '#bus/outbound-queue.ts';
import { say } from '#core/message.ts';
import { startSlack } from '#test/simulators/slack/index.ts';
import { eventually } from '#test/support/wait.ts';
import { slackConnector } from './index.ts';
import { TestHall } from '#test/support/slack-hall.ts';
import { TEXTS } from './texts.ts';

const IDENTITY = { ok: true, team_id: 'T1', team: 'One', user_id: 'U1', user: 'guildhall', channel: { id: 'C1' } };

/** A Slack that says whatever the test wants on its links. */
async function strangeSlack() {
  const links: WebSocket[] = [];
  const acknowledged: string[] = [];
  const server = createServer((_request, response) => {
    response.end(JSON.stringify({ ...IDENTITY, url: `ws://127.0.0.1:${port}/link/?ticket=${links.length}` }));
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (link) => {
    links.push(link);
    link.on('message', (data) => acknowledged.push(JSON.parse(String(data)).envelope_id));
    link.send(JSON.stringify({ type: 'hello' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const stop = async (): Promise<void> => {
    await Promise.all(links.map((link) => link.readyState === link.CLOSED || once(link, 'close')));
    sockets.close();
    await new Promise((resolve) => server.close(resolve));
  };
  return { links, acknowledged, apiUrl: `http://127.0.0.1:${port}/api/`, stop };
}

const mention = (id: string) => ({
  type: 'events_api',
  envelope_id: id,
  payload: {
    type: 'event_callback',
    event_id: id,
    event: { type: 'app_mention', channel: 'C1', user: 'U2', text: '<@U1> hello', ts: '1.1' },
  },
});

describe('a link of Socket Mode', () => {
  test('frames of no known form end nothing, and what comes after them is taken', async (t) => {
    const slack = await strangeSlack();
    const hall = new TestHall(() => []);
    const connector = slackConnector({ botToken: 'xoxb-1', appToken: 'xapp-1', apiUrl: slack.apiUrl }, hall.ports);
    t.after(() => connector.stop(0).then(slack.stop));
    connector.start();
    const [link] = await eventually('a link', () => (connector.health().state === 'up' ? slack.links : undefined));
    // Slack sends such a one when an app is too fast: an event without an event.
    const limited = { type: 'events_api', envelope_id: 'E0', payload: { type: 'app_rate_limited', team_id: 'T1' } };
    for (const frame of [JSON.stringify(limited), 'null', '7', '{', '[]', '{"type":"unheard-of"}']) link?.send(frame);
    link?.send(Buffer.from([1, 2, 3]));
    link?.send(JSON.stringify(mention('E1')));
    await eventually('the mention', () => hall.texts.length === 1 || undefined);
    await eventually('its acknowledgement', () => slack.acknowledged.includes('E1') || undefined);
    assert.ok(hall.log.some(({ words }) => words === TEXTS.log.badFrame));
    assert.deepEqual([slack.links.length, connector.health().state], [1, 'up']);
  });

  test('a link without a greeting is given up, and opened again', async (t) => {
    const slack = await startSlack();
    slack.faults.silent(true);
    const hall = new TestHall(() => [say('Done.')]);
    const { SLACK_BOT_TOKEN: botToken = '', SLACK_APP_TOKEN: appToken = '', SLACK_API_URL: apiUrl = '' } = slack.env;
    const times = { hello: 200, retryFirst: 20, retryMost: 100 };
    const connector = slackConnector({ botToken, appToken, apiUrl, pace: NO_PACE, times }, hall.ports);
    t.after(() => connector.stop(0).then(slack.stop));
    connector.start();
    await eventually('it gave up', () => connector.health().state === 'down' || undefined);
    slack.faults.silent(false);
    await eventually('it is up', () => connector.health().state === 'up' || undefined);
  });

  test('a link on which nobody says anything stays, as Slack answers the pings', async (t) => {
    const slack = await startSlack({ pingMs: 60_000 });
    const { SLACK_BOT_TOKEN: botToken = '', SLACK_APP_TOKEN: appToken = '', SLACK_API_URL: apiUrl = '' } = slack.env;
    const connector = slackConnector(
      { botToken, appToken, apiUrl, times: { silent: 1_000 } },
      new TestHall(() => []).ports,
    );
    t.after(() => connector.stop(0).then(slack.stop));
    connector.start();
    await slack.connected();
    const since = Date.now();
    await eventually('pongs for some time', () => (connector.health().heardAt ?? 0) > since + 2_200 || undefined);
    assert.equal(slack.calls.filter(({ path }) => path.endsWith('apps.connections.open')).length, 1);
    assert.equal(connector.health().state, 'up');
  });
});
