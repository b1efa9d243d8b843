import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { NO_PACE } from '#bus/outbound-queue.ts';
import { say, whisper } from '#core/message.ts';
import { startSlack, type SlackSimulator } from '#test/simulators/slack/index.ts';
import { eventually } from '#test/support/wait.ts';
import { slackEvents, type SlackEvents } from './events.ts';
import { slackConnector, type SlackConnector } from './index.ts';
import { TestHall } from '#test/support/slack-hall.ts';
import { TEXTS } from './texts.ts';

const SECRET = 'a-signing-secret';
const NOW = 1_750_000_000_000;

function signed(body: string, at = NOW / 1_000, secret = SECRET) {
  const digest = createHmac('sha256', secret).update(`v0:${at}:${body}`).digest('hex');
  return { 'x-slack-request-timestamp': String(at), 'x-slack-signature': `v0=${digest}` };
}

describe('what is Slack’s and what is not', () => {
  let arrived = 0;
  const events = slackEvents({
    signingSecret: SECRET,
    clock: () => NOW,
    heard: () => undefined,
    arrived: async ({ ack }) => {
      arrived++;
      await ack();
    },
  });
  const body = JSON.stringify({ type: 'event_callback', event_id: 'Ev1', event: { type: 'message' } });
  const post = (headers: Record<string, string>, text = body) => events(headers, Buffer.from(text));

  test('a signed request is taken', async () => {
    assert.deepEqual(await post(signed(body)), { status: 200, body: '' });
    assert.equal(arrived, 1);
  });

  const wrong: [what: string, headers: Record<string, string>][] = [
    ['no signature', {}],
    ['a wrong secret', signed(body, NOW / 1_000, 'another')],
    ['another body', signed(`${body} `)],
    ['a request of six minutes ago', signed(body, NOW / 1_000 - 360)],
    ['a request of the future', signed(body, NOW / 1_000 + 360)],
    ['a time that is none', { ...signed(body), 'x-slack-request-timestamp': 'now' }],
    ['half a signature', { ...signed(body), 'x-slack-signature': 'v0=12' }],
    [
      'another version',
      { ...signed(body), 'x-slack-signature': signed(body)['x-slack-signature'].replace('v0', 'v1') },
    ],
  ];
  for (const [what, headers] of wrong) {
    test(`${what} is refused, and nothing arrives`, async () => {
      const before = arrived;
      assert.deepEqual(await post(headers), { status: 401, body: '' });
      assert.equal(arrived, before);
    });
  }

  test('the challenge comes back, only where it is signed', async () => {
    const challenge = JSON.stringify({ type: 'url_verification', challenge: 'abc' });
    assert.deepEqual(await post(signed(challenge), challenge), { status: 200, body: 'abc', contentType: 'text/plain' });
    assert.equal((await post({}, challenge)).status, 401);
  });

  for (const text of ['', 'null', '[', '"text"', '7']) {
    test(`a signed body that is ${text || 'empty'} is a bad request`, async () =>
      assert.equal((await post(signed(text), text)).status, 400));
  }
});

describe('Guildhall on Slack by HTTP', () => {
  let slack: SlackSimulator;
  let hall: TestHall;
  let connector: SlackConnector;
  let server: Server;

  before(async () => {
    slack = await startSlack({ postLimit: { burst: 100, perSecond: 100 }, retryAfterMs: [50, 50, 50] });
    hall = new TestHall(() => [whisper('For you.'), say('For all.')]);
    const {
      SLACK_BOT_TOKEN: botToken = '',
      SLACK_SIGNING_SECRET: signingSecret = '',
      SLACK_API_URL: apiUrl = '',
    } = slack.httpEnv;
    const times = { retryFirst: 20, retryMost: 100, heartbeat: 50, acknowledge: 150 };
    connector = slackConnector({ botToken, signingSecret, apiUrl, pace: NO_PACE, times }, hall.ports);
    hall.connector = connector;
    server = await serve(connector.webhook?.handle as SlackEvents);
    connector.start();
    await eventually('up', () => connector.health().state === 'up' || undefined);
    const address = server.address();
    await slack.deliverTo(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/slack/events`);
  });
  after(async () => {
    await connector.stop(200);
    await slack.stop();
    await new Promise((resolve) => server.close(resolve));
  });

  const seen = (room: string, text: string, person?: string) =>
    eventually(`“${text}” in ${room}`, () => slack.seen(room, person).find((one) => one.text === text));

  test('mentions, commands and direct messages are answered', async () => {
    await slack.say('mia', 'square', '@Guildhall stock aapl.us');
    await seen('square', 'For all.');
    await seen('square', 'For you.', 'mia');
    await slack.say('max', 'trading-floor', '/stock aapl.us');
    await seen('trading-floor', 'For you.', 'max');
    await slack.say('mia', 'dm:mia', 'stock aapl.us');
    await seen('dm:mia', 'For all.', 'mia');
    assert.deepEqual(hall.texts, ['/stock aapl.us', '/stock aapl.us', '/stock aapl.us']);
    assert.deepEqual(slack.violations, []);
  });

  test('what cannot be stored is answered 503 and comes again; a command is refused in a sentence', async () => {
    hall.broken = new Error('the disk is full');
    const asked = hall.asked;
    await slack.say('mia', 'square', '@Guildhall again');
    await eventually('two tries', () => hall.asked > asked + 1 || undefined);
    await slack.say('mia', 'square', '/stock aapl.us');
    await seen('square', TEXTS.notTaken, 'mia');
    hall.broken = undefined;
    await eventually('it was taken', () => hall.texts.includes('/again') || undefined);
    assert.equal(hall.texts.filter((text) => text === '/again').length, 1);
  });

  test('Slack is asked now and then whether it is still there', async () => {
    slack.faults.answer(503, 2, { match: 'auth.test' });
    await eventually('down', () => connector.health().state === 'down' || undefined);
    await eventually('up', () => connector.health().state === 'up' || undefined);
    slack.revokeToken();
    await eventually('refused', () => connector.health().state === 'refused' || undefined);
    slack.restoreToken();
    await eventually('up again', () => connector.health().state === 'up' || undefined);
  });
});

function serve(events: SlackEvents): Promise<Server> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const { status, body, contentType } = await events(request.headers, Buffer.concat(chunks));
      response.writeHead(status, contentType ? { 'content-type': contentType } : {}).end(body);
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
