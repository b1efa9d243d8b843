import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { NO_PACE, roomPace, Stopped, type Pace } from '#bus/outbound-queue.ts';
import { say, whisper, type IncomingMessage, type Reply } from '#core/message.ts';
import { startSlack, type SlackOptions as World, type SlackSimulator } from '#test/simulators/slack/index.ts';
import { eventually } from '#test/support/wait.ts';
import { slackConnector, type SlackConnector, type SlackOptions } from './index.ts';
import { answerTo, TestHall } from '#test/support/slack-hall.ts';
import { TEXTS } from './texts.ts';

const DOT =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const picture: Reply = { text: '', pictures: [{ url: DOT, alt: 'A dot', width: 1, height: 1 }], private: false };

/** The connector's own times, shorter. */
const TIMES = { retryFirst: 20, retryMost: 200, refused: 60, acknowledge: 150, call: 2_000 };

interface Setup {
  world?: Partial<World>;
  options?: Partial<SlackOptions>;
  pace?: Pace;
  answers?: (message: IncomingMessage) => Reply[];
}

interface Site {
  slack: SlackSimulator;
  hall: TestHall;
  connector: SlackConnector;
}

describe('Guildhall on Slack in trouble', () => {
  const simulators: SlackSimulator[] = [];
  const connectors: SlackConnector[] = [];
  afterEach(async () => {
    await Promise.all(connectors.splice(0).map((one) => one.stop(200)));
    await Promise.all(simulators.splice(0).map((one) => one.stop()));
  });

  async function site({ world, options, pace = NO_PACE, answers = () => [say('Done.')] }: Setup = {}): Promise<Site> {
    const slack = await startSlack({
      postLimit: { burst: 1_000, perSecond: 1_000 },
      retryAfterMs: [0, 50, 100],
      ...world,
    });
    simulators.push(slack);
    const hall = new TestHall(answers);
    const connector = connect({ slack, hall, options: { pace, ...options } });
    return { slack, hall, connector };
  }

  function connect({
    slack,
    hall,
    options,
  }: Pick<Site, 'slack' | 'hall'> & { options?: Partial<SlackOptions> }): SlackConnector {
    const { SLACK_BOT_TOKEN: botToken = '', SLACK_APP_TOKEN: appToken = '', SLACK_API_URL: apiUrl = '' } = slack.env;
    const connector = slackConnector({ botToken, appToken, apiUrl, times: TIMES, ...options }, hall.ports);
    hall.connector = connector;
    connectors.push(connector);
    connector.start();
    return connector;
  }

  const state = (connector: SlackConnector, wanted: string) =>
    eventually(`the state ${wanted}`, () => connector.health().state === wanted || undefined);
  const seen = (slack: SlackSimulator, room: string, text: string, person?: string) =>
    eventually(`“${text}” in ${room}`, () => slack.seen(room, person).find((one) => one.text === text));
  const count = (slack: SlackSimulator, room: string, text: string, person?: string): number =>
    slack.seen(room, person).filter((one) => one.text === text).length;

  test('what cannot be stored is not acknowledged, and Slack’s next delivery is taken', async () => {
    const { slack, hall } = await site({ world: { acknowledgeMs: 100 } });
    await slack.connected();
    hall.broken = new Error('the disk is full');
    await slack.say('mia', 'square', '@Guildhall stock aapl.us');
    await eventually('two tries', () => hall.asked > 1 || undefined);
    hall.broken = undefined;
    await seen(slack, 'square', 'Done.');
    assert.deepEqual([hall.received.length, slack.lost], [1, []]);
    assert.ok(hall.log.some(({ words }) => words === TEXTS.log.notStored));
  });

  test('a slash command that cannot be stored is refused in a sentence, in time', async () => {
    const { slack, hall } = await site();
    await slack.connected();
    hall.broken = new Error('the disk is full');
    await slack.say('mia', 'square', '/stock aapl.us');
    await seen(slack, 'square', TEXTS.notTaken, 'mia');
    assert.equal(count(slack, 'square', TEXTS.notTaken, 'max'), 0);
  });

  test('a slash command that takes long to store is acknowledged in time, and refused later where it failed', async () => {
    const { slack, hall } = await site({ world: { acknowledgeMs: 600 } });
    await slack.connected();
    const stored = Promise.withResolvers<void>();
    hall.slow = stored.promise;
    await slack.say('mia', 'square', '/stock aapl.us');
    await eventually('it arrived', () => hall.asked === 1 || undefined);
    setTimeout(() => {
      hall.broken = new Error('the disk is full');
      stored.resolve();
    }, 700);
    await seen(slack, 'square', TEXTS.notTaken, 'mia');
    assert.deepEqual(
      slack.seen('square', 'mia').map(({ text }) => text),
      [TEXTS.notTaken],
    );
  });

  test('a connection that was cut comes back, and works', async () => {
    const { slack, connector } = await site();
    await slack.connected();
    slack.faults.disconnect();
    await eventually('it noticed', () => connector.health().state !== 'up' || undefined);
    await state(connector, 'up');
    await slack.say('mia', 'square', '@Guildhall hello');
    await seen(slack, 'square', 'Done.');
  });

  test('when Slack asks to reconnect, the next link is open before the old one goes', async () => {
    const { slack, connector } = await site();
    await slack.connected();
    const opened = (): number => slack.calls.filter(({ path }) => path.endsWith('apps.connections.open')).length;
    slack.faults.reconnect();
    for (let index = 0; index < 5; index++) await slack.say('mia', 'square', `/stock s${index}`);
    await eventually('all answers', () => count(slack, 'square', 'Done.') === 5 || undefined);
    await eventually('the second link', () => opened() === 2 || undefined);
    assert.equal(slack.seen('square', 'mia').filter(({ author }) => author.name === 'Slackbot').length, 0);
    assert.equal(connector.health().state, 'up');
  });

  test('a link on which nothing is heard is called silent, and replaced', async () => {
    const { slack, connector } = await site({ world: { pingMs: 100 }, options: { times: { ...TIMES, silent: 600 } } });
    await slack.connected();
    slack.faults.silent(true);
    await state(connector, 'silent');
    assert.match(connector.health().why ?? '', /Nothing was heard from Slack/);
    slack.faults.silent(false);
    await state(connector, 'up');
    await slack.say('mia', 'square', '@Guildhall hello');
    await seen(slack, 'square', 'Done.');
  });

  test('Socket Mode that was switched off is told by name', async () => {
    const { slack, connector } = await site();
    await slack.connected();
    slack.askToReconnect('link_disabled');
    await state(connector, 'down');
    assert.match(connector.health().why ?? '', /Socket Mode/);
  });

  test('a wrong bot token is refused with the name of its setting, and is not tried again', async () => {
    const { slack, connector } = await site({ options: { botToken: 'xoxb-wrong' } });
    await state(connector, 'refused');
    assert.match(connector.health().why ?? '', /SLACK_BOT_TOKEN.*docs\/slack\.md/);
    const calls = slack.calls.length;
    await state(connector, 'refused');
    assert.deepEqual([slack.calls.length, calls], [1, 1]);
  });

  test('a wrong app token is refused with the name of its setting', async () => {
    const { slack, hall, connector } = await site({ options: { appToken: 'xapp-wrong' } });
    await state(connector, 'refused');
    assert.match(connector.health().why ?? '', /SLACK_APP_TOKEN.*docs\/slack\.md/);
    assert.equal(slack.calls.filter(({ path }) => path.endsWith('apps.connections.open')).length, 1);
    assert.ok(!JSON.stringify(hall.log).includes('xapp-wrong'));
  });

  test('Slack that cannot be reached is tried again and again', async () => {
    const { slack, connector } = await site();
    await slack.connected();
    slack.faults.answer(503, 3, { match: 'apps.connections.open' });
    slack.faults.disconnect();
    await state(connector, 'down');
    await state(connector, 'up');
    const nowhere = slackConnector(
      { botToken: 'x', appToken: 'y', apiUrl: 'http://127.0.0.1:9/api/', times: TIMES },
      new TestHall(() => []).ports,
    );
    nowhere.start();
    await state(nowhere, 'down');
    assert.match(nowhere.health().why ?? '', /Slack cannot be reached/);
    await nowhere.stop(0);
  });

  test('answers wait while the token is revoked, and go out when it works again', async () => {
    const { slack, hall, connector } = await site({ answers: () => [whisper('First.'), say('Second.')] });
    await slack.connected();
    await slack.say('mia', 'square', '@Guildhall hello');
    await seen(slack, 'square', 'Second.');
    slack.revokeToken();
    await slack.say('mia', 'square', '@Guildhall stock aapl.us');
    await state(connector, 'refused');
    assert.equal(connector.health().waiting, 2);
    slack.restoreToken();
    await eventually('both answers', () => count(slack, 'square', 'Second.') === 2 || undefined);
    await state(connector, 'up');
    assert.equal(hall.log.filter(({ level }) => level === 'error').length, 1);
  });

  test('lines of a room are taken in the order in which they came, also where one needs a look at who asks', async () => {
    const { slack, hall } = await site({});
    await slack.connected();
    await slack.say('mia', 'square', '@Guildhall first');
    await eventually('mia to be known', () => hall.texts.length === 1 || undefined);
    slack.faults.slow(300);
    await slack.say('adam', 'square', '@Guildhall second');
    await slack.say('mia', 'square', '@Guildhall third');
    await eventually('both', () => hall.texts.length === 3 || undefined);
    slack.faults.slow(0);
    assert.deepEqual(hall.texts, ['/first', '/second', '/third']);
  });

  test('a room’s limit is kept, and a 429 is waited out, in order', async () => {
    const { slack, connector } = await site({
      world: { postLimit: { burst: 4, perSecond: 10 } },
      answers: ({ ask }) => [say((ask as { text: string }).text)],
    });
    await slack.connected();
    for (let index = 0; index < 8; index++) await slack.say('mia', 'square', `@Guildhall n${index}`);
    await seen(slack, 'square', '/n7');
    const answers = slack
      .seen('square')
      .filter(({ author }) => author.bot)
      .map(({ text }) => text);
    assert.deepEqual(
      answers,
      Array.from({ length: 8 }, (_, index) => `/n${index}`),
    );
    assert.ok(slack.calls.some(({ status }) => status === 429));
    assert.deepEqual([slack.violations, connector.health().counts.refused], [[], 0]);
  });

  test('with its own pace it never meets Slack’s limit', async () => {
    const { slack } = await site({ pace: roomPace(2, 250), world: { postLimit: { burst: 3, perSecond: 10 } } });
    await slack.connected();
    for (let index = 0; index < 8; index++) await slack.say('mia', 'square', '@Guildhall hello');
    await eventually('all', () => count(slack, 'square', 'Done.') === 8 || undefined);
    assert.ok(slack.calls.every(({ status }) => status === 200));
  });

  test('trouble of Slack’s own is tried again and says nothing twice, even where an answer got lost', async () => {
    const { slack, hall } = await site();
    await slack.connected();
    await slack.say('mia', 'square', '@Guildhall hello');
    await seen(slack, 'square', 'Done.');
    slack.faults.answer(503, 2, { match: 'chat.postMessage' });
    await slack.say('mia', 'square', '@Guildhall hello');
    await eventually('the second', () => count(slack, 'square', 'Done.') === 2 || undefined);
    slack.faults.loseAnswers(1);
    await slack.say('mia', 'square', '@Guildhall hello');
    await Promise.all(await eventually('the third', () => (hall.sent.length === 3 ? hall.sent : undefined)));
    assert.equal(count(slack, 'square', 'Done.'), 3);
  });

  test('after a kill what is in Slack already is not said again: in a room, a thread, a direct message, as a file', async () => {
    const { slack, hall } = await site({ answers: () => [say('Done.'), picture] });
    await slack.connected();
    const ts = await slack.say('mia', 'square', 'a thread');
    await slack.say('mia', 'square', '@Guildhall hello');
    await slack.thread('mia', 'square', ts, '@Guildhall hello');
    await slack.say('mia', 'dm:mia', 'hello');
    await eventually('the requests', () => hall.sent.length === 6 || undefined);
    await Promise.all(hall.sent);
    const before = slack.seen('square').length + slack.seen('dm:mia', 'mia').length;
    hall.deliveries.clear();
    const next = connect({ slack, hall, options: { pace: NO_PACE } });
    for (const message of hall.received)
      for (const [n, reply] of [say('Done.'), picture].entries())
        await next.send(answerTo(message, { n, final: n === 1, reply }), true);
    assert.equal(slack.seen('square').length + slack.seen('dm:mia', 'mia').length, before);
    assert.equal(hall.deliveries.size, 6);
  });

  test('after a kill what is not in Slack yet is said, and what is recorded is not even looked up', async () => {
    const { slack, hall, connector } = await site({ answers: () => [] });
    await slack.connected();
    await slack.say('mia', 'square', '@Guildhall hello');
    const [message] = await eventually('the request', () => (hall.received.length ? hall.received : undefined));
    const answer = answerTo(message as IncomingMessage, { n: 0, final: true, reply: say('Late.') });
    await connector.send(answer, true);
    assert.equal(count(slack, 'square', 'Late.'), 1);
    const calls = slack.calls.length;
    await connector.send(answer, true);
    assert.deepEqual([count(slack, 'square', 'Late.'), slack.calls.length], [1, calls]);
  });

  test('without the right to look, what may have been said is said', async () => {
    const { slack, hall, connector } = await site({ answers: () => [] });
    await slack.connected();
    await slack.say('mia', 'square', '@Guildhall hello');
    const [message] = await eventually('the request', () => (hall.received.length ? hall.received : undefined));
    slack.setScopes(['chat:write']);
    await connector.send(answerTo(message as IncomingMessage, { n: 0, final: true, reply: say('Late.') }), true);
    assert.equal(count(slack, 'square', 'Late.'), 1);
    assert.equal(hall.log.find(({ words }) => words === TEXTS.log.noLookUp)?.facts.needed, 'channels:history');
  });

  test('where the bot was thrown out, the asker is told once, by direct message, and the next room goes on', async () => {
    const { slack, hall, connector } = await site({ answers: () => [say('line\n'.repeat(1_500))] });
    await slack.connected();
    hall.slow = new Promise((resolve) => setTimeout(resolve, 100));
    await slack.say('mia', 'square', '@Guildhall hello');
    slack.removeBot('square');
    await seen(slack, 'dm:mia', TEXTS.away('Guildhall'), 'mia');
    await Promise.all(hall.sent);
    assert.equal(count(slack, 'dm:mia', TEXTS.away('Guildhall'), 'mia'), 1);
    assert.deepEqual([connector.health().counts.refused, hall.deliveries.size], [1, 3]);
    await slack.say('mia', 'trading-floor', '@Guildhall hello');
    await eventually('the other room', () => slack.seen('trading-floor').some(({ author }) => author.bot) || undefined);
  });

  test('an archived room and a deleted one hold nothing up', async () => {
    const { slack, hall, connector } = await site();
    await slack.connected();
    hall.slow = new Promise((resolve) => setTimeout(resolve, 100));
    await slack.say('mia', 'square', '@Guildhall hello');
    await slack.say('mia', 'trading-floor', '@Guildhall hello');
    slack.archive('square');
    slack.deleteRoom('trading-floor');
    await seen(slack, 'dm:mia', TEXTS.archived, 'mia');
    await seen(slack, 'dm:mia', TEXTS.away('Guildhall'), 'mia');
    await Promise.all(hall.sent);
    assert.deepEqual([connector.health().waiting, connector.health().counts.refused], [0, 2]);
    assert.ok(hall.log.some(({ facts }) => facts.code === 'is_archived'));
  });

  test('a right that is missing is told by its name', async () => {
    const { slack, hall } = await site({ answers: () => [picture] });
    await slack.connected();
    slack.setScopes(['chat:write', 'commands', 'app_mentions:read', 'channels:history', 'im:history', 'im:write']);
    await slack.say('mia', 'square', '@Guildhall hello');
    await seen(slack, 'square', TEXTS.scope('files:write'), 'mia');
    assert.equal(hall.log.find(({ level }) => level === 'error')?.facts.needed, 'files:write');
    // Without users:read the person is a member, by the name that is known.
    assert.deepEqual(hall.received[0]?.who, {
      account: 'slack:U0MIA',
      name: 'U0MIA',
      username: 'U0MIA',
      role: 'member',
      platformRoles: [],
    });
  });

  test('a slash command’s answer address that is spent is replaced by an ephemeral message', async () => {
    const { slack } = await site({ world: { responseUrlMs: -1 }, answers: () => [whisper('For you.')] });
    await slack.connected();
    await slack.say('mia', 'square', '/stock aapl.us');
    await seen(slack, 'square', 'For you.', 'mia');
  });

  test('an answer address is used five times and not once more', async () => {
    const { slack } = await site({
      answers: () => Array.from({ length: 7 }, (_, index) => whisper(`For you ${index}.`)),
    });
    await slack.connected();
    await slack.say('mia', 'square', '/stock aapl.us');
    await seen(slack, 'square', 'For you 6.', 'mia');
    assert.deepEqual(slack.violations, []);
  });

  test('somebody whom Slack is slow to name is not kept waiting', async () => {
    const { slack, hall } = await site({ options: { times: { ...TIMES, who: 50 } } });
    await slack.connected();
    slack.faults.slow(300);
    await slack.say('mia', 'square', '/stock aapl.us');
    await eventually('the request', () => hall.received.length === 1 || undefined);
    const mia = { account: 'slack:U0MIA', name: 'mia', username: 'mia', role: 'member', platformRoles: [] };
    assert.deepEqual(hall.received[0]?.who, mia);
  });

  test('stop lets go what is on its way; the rest stays for the next start', async () => {
    const { slack, hall, connector } = await site({
      pace: roomPace(1, 60_000),
      answers: () => [say('One.'), say('Two.')],
    });
    await slack.connected();
    await slack.say('mia', 'square', '@Guildhall hello');
    await seen(slack, 'square', 'One.');
    await connector.stop(500);
    const [one, two] = await Promise.all(hall.sent);
    assert.ok(one === undefined && two instanceof Stopped);
    assert.equal(connector.health().state, 'down');
  });

  test('a picture that Slack cannot get from the web is a link', async () => {
    const web: Reply = { ...picture, pictures: [{ url: 'https://e.org/a.png', alt: 'A', width: 1, height: 1 }] };
    const fetch: typeof globalThis.fetch = async (url, init) =>
      String(init?.body).includes('blocks') && !String(url).includes('/link')
        ? new Response(JSON.stringify({ ok: false, error: 'invalid_blocks' }))
        : globalThis.fetch(url, init);
    const { slack } = await site({ answers: () => [web, { ...web, private: true }], options: { fetch } });
    await slack.connected();
    await slack.say('mia', 'square', '/stock aapl.us');
    const raws = await eventually('both', () => {
      const bots = slack.seen('square', 'mia').filter(({ author }) => author.bot);
      return bots.length === 2 ? bots.map(({ raw, to }) => [(raw as { text: string }).text, to]) : undefined;
    });
    assert.deepEqual(raws, [
      ['<https://e.org/a.png|A>', undefined],
      ['<https://e.org/a.png|A>', 'U0MIA'],
    ]);
  });

  test('while it stops, nothing is asked and no link is opened', async () => {
    for (const appToken of ['xapp-sample-app', undefined]) {
      const { slack, hall, connector } = await site({ answers: () => [] });
      const { SLACK_BOT_TOKEN: botToken = '', SLACK_API_URL: apiUrl = '' } = slack.env;
      await connector.stop(0);
      const times = { ...TIMES, heartbeat: 20 };
      const own = slackConnector({ botToken, ...(appToken && { appToken }), apiUrl, times, pace: NO_PACE }, hall.ports);
      own.start();
      await state(own, 'up');
      slack.faults.slow(400);
      const to = { platform: 'slack', account: 'slack:U0MIA', room: 'C0SQUARE', via: { ts: '1.1' } };
      const cause = { account: 'a', name: 'b', text: 'c' };
      const sent = own.send({ id: 'job_1', n: 1, final: true, to, community: 'c', cause, reply: say('Last.') }, false);
      await eventually(
        'it is on its way',
        () => slack.calls.some(({ path }) => path.endsWith('chat.postMessage')) || undefined,
      );
      const calls = slack.calls.length;
      slack.faults.disconnect();
      await own.stop(2_000);
      await sent;
      assert.ok(slack.calls.length - calls <= 1, JSON.stringify(slack.calls.slice(calls)));
    }
  });

  test('faults by chance lose nothing and double nothing that can be looked up', async () => {
    const { slack, hall } = await site({
      world: { acknowledgeMs: 300 },
      answers: ({ ask }) => [say((ask as { text: string }).text)],
    });
    await slack.connected();
    slack.faults.random(7, { disconnect: 0.1, duplicate: 0.2, limited: 0.1, broken: 0.15 });
    for (let index = 0; index < 30; index++) {
      await slack.say('mia', 'square', `@Guildhall n${index}`);
      await eventually(
        `n${index} arrives`,
        () => hall.texts.includes(`/n${index}`) || slack.lost.length > 0 || undefined,
      );
    }
    slack.faults.random(7, undefined);
    // What Slack sends again may still be on its way.
    await eventually('all to arrive', () => hall.texts.length + slack.lost.length >= 30 || undefined);
    await Promise.all(hall.sent);
    const answers = slack
      .seen('square')
      .filter(({ author }) => author.bot)
      .map(({ text }) => text);
    assert.deepEqual(answers, hall.texts);
    assert.deepEqual(slack.violations, []);
  });
});
