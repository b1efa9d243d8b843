import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { NO_PACE } from '#bus/outbound-queue.ts';
import { say, type Reply } from '#core/message.ts';
import { answerTo, TestHall } from '#test/support/slack-hall.ts';
import { startSlack, type SlackSimulator } from '#test/simulators/slack/index.ts';
import { eventually } from '#test/support/wait.ts';
import { slackConnector, type SlackConnector } from './index.ts';

interface Site {
  slack: SlackSimulator;
  hall: TestHall;
  connector: SlackConnector;
  /** A method that Slack answers with nothing but ok. */
  odd?: string;
}

/** Slack on loopback, where every question is answered with these. */
async function site(t: TestContext, ...replies: Reply[]): Promise<Site> {
  const slack = await startSlack({ postLimit: { burst: 1_000, perSecond: 1_000 } });
  const hall = new TestHall(() => replies);
  const { SLACK_BOT_TOKEN: botToken = '', SLACK_APP_TOKEN: appToken = '', SLACK_API_URL: apiUrl = '' } = slack.env;
  const oddly: typeof fetch = async (url, init) =>
    stage.odd !== undefined && String(url).endsWith(stage.odd) ? Response.json({ ok: true }) : fetch(url, init);
  const connector = slackConnector({ botToken, appToken, apiUrl, pace: NO_PACE, fetch: oddly }, hall.ports);
  const stage: Site = { slack, hall, connector };
  hall.connector = connector;
  t.after(async () => {
    await connector.stop(200);
    await slack.stop();
  });
  connector.start();
  await eventually('the state up', () => connector.health().state === 'up' || undefined);
  return stage;
}

/** Asks, and gives what became of the answers. */
async function answered({ slack, hall }: Site): Promise<unknown[]> {
  await slack.say('mia', 'square', '@Guildhall test');
  await eventually('the question', () => hall.received[0]);
  return Promise.all(hall.sent);
}

const said = ({ slack }: Site, room = 'square', person?: string): string[] =>
  slack
    .seen(room, person)
    .map(({ text }) => text)
    .filter((text) => !text.includes('@Guildhall test'));

describe('an answer to Slack', { concurrency: 4 }, () => {
  test('that cannot be noted is said once, and before the next one', async (t) => {
    const stage = await site(t, say('first'), say('second'));
    const { deliveries } = stage.hall;
    const add = deliveries.add.bind(deliveries);
    deliveries.add = () => {
      deliveries.add = add;
      throw new Error('the disk is full');
    };
    assert.deepEqual(await answered(stage), [undefined, undefined]);
    assert.deepEqual(said(stage), ['first', 'second']);
    assert.deepEqual([deliveries.size, stage.connector.health().counts.sent], [2, 2]);
  });

  test('that comes again is said once, also where it cannot be looked up at first', async (t) => {
    const stage = await site(t, say('first'));
    await answered(stage);
    const { deliveries, received } = stage.hall;
    const has = deliveries.has.bind(deliveries);
    deliveries.has = () => {
      deliveries.has = has;
      throw new Error('the disk is away');
    };
    const [message] = received;
    assert.ok(message);
    await stage.connector.send(answerTo(message, { n: 0, final: true, reply: say('first') }), true);
    assert.deepEqual(said(stage), ['first']);
  });

  test('that a mistake of ours keeps from going out is given up: told, counted and logged once', async (t) => {
    const unwritable = { text: undefined as never, private: false };
    const stage = await site(t, unwritable, say('next'));
    assert.deepEqual(await answered(stage), [undefined, undefined]);
    assert.deepEqual(said(stage), ['next']);
    assert.ok(said(stage, 'square', 'mia').some((text) => text.includes('mistake of mine')));
    assert.equal(stage.connector.health().counts.refused, 1);
    const errors = stage.hall.log.filter(({ level }) => level === 'error');
    assert.deepEqual(
      errors.map(({ facts }) => facts['err'] instanceof TypeError),
      [true],
    );
  });

  test('that meets an answer of Slack’s which we do not understand is given up, and noted', async (t) => {
    const stage = await site(t, say('first'));
    await answered(stage);
    const [message] = stage.hall.received;
    assert.ok(message);
    stage.odd = 'conversations.open';
    const answer = answerTo(message, { n: 1, final: true, reply: say('for you') });
    const { room: _room, ...alone } = answer.to;
    await stage.connector.send({ ...answer, to: alone }, false);
    assert.deepEqual([stage.connector.health().counts.refused, stage.hall.deliveries.size], [1, 2]);
    assert.equal(stage.hall.log.filter(({ level }) => level === 'error').length, 1);
  });
});
