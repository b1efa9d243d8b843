import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { SocketModeReceiver, webApi } from '@slack/bolt';
import { eventually } from '#test/support/wait.ts';
import { startSlack } from './index.ts';
import { clientOptions, joined, type Program } from './test-program.ts';

interface Delivered {
  id: string;
  retry: number | undefined;
}

/** A program that writes down what it gets, and answers a mention. */
async function noting(options: Parameters<typeof joined>[0] = {}): Promise<Program & { got: Delivered[] }> {
  const got: Delivered[] = [];
  const program = await joined({
    ...options,
    listen(app) {
      app.use(async ({ body, context, next }) => {
        if ('event_id' in body) got.push({ id: String(body.event_id), retry: context.retryNum });
        await next();
      });
      app.message('ping', async ({ say }) => void (await say('pong')));
    },
  });
  return { ...program, got };
}

/** Enough attempts for a client that is slow to come back. */
const PATIENT = [0, 500, 1_000, 2_000, 4_000, 8_000];

const opened = ({ slack }: Program): number =>
  slack.calls.filter(({ path }) => path.endsWith('connections.open')).length;
const posted = ({ slack }: Program): number[] =>
  slack.calls.filter(({ path }) => path.endsWith('chat.postMessage')).map(({ status }) => status);
const says = ({ slack }: Program): string[] => slack.seen('square').map(({ text }) => text);

describe('when things go wrong on the simulated Slack', () => {
  let program: Program | undefined;
  afterEach(() => program?.stop());

  test('the request to reconnect is followed, and what is said meanwhile still comes', async () => {
    const { got, ...rest } = await noting({ options: { retryAfterMs: PATIENT } });
    program = rest;
    rest.slack.faults.reconnect();
    await rest.slack.say('mia', 'square', 'ping');
    await eventually('the answer', () => says(rest).includes('pong') || undefined);
    assert.deepEqual([opened(rest), new Set(got.map(({ id }) => id)).size, rest.slack.lost], [2, 1, []]);
  });

  test('while Socket Mode is turned off no link is given, and the client comes back when it is on again', async () => {
    const rest = (program = await noting({ options: { retryAfterMs: PATIENT } }));
    rest.slack.askToReconnect('link_disabled');
    await eventually('a refused link', () => opened(rest) >= 2 || undefined);
    rest.slack.enableSocketMode();
    await rest.slack.say('mia', 'square', 'ping');
    await eventually('the answer', () => says(rest).includes('pong') || undefined);
  });

  test('after a cut the client comes back, and gets what it missed', async () => {
    const rest = (program = await noting({ options: { retryAfterMs: PATIENT } }));
    rest.slack.faults.disconnect();
    await rest.slack.say('mia', 'square', 'ping');
    await eventually('the answer', () => says(rest).includes('pong') || undefined);
    assert.deepEqual([rest.got.length, rest.slack.lost], [1, []]);
    assert.ok(Number(rest.got[0]?.retry) >= 1);
  });

  test('an event that no attempt brought over is lost, and its id is told', async () => {
    const rest = (program = await noting({ options: { retryAfterMs: [0] } }));
    rest.slack.faults.disconnect();
    await rest.slack.say('mia', 'square', 'ping');
    await eventually('the loss', () => rest.slack.lost[0]);
    assert.deepEqual(rest.got, []);
  });

  test('silence is noticed by the client, which comes back when the silence is over', async () => {
    const rest = (program = await noting({ options: { acknowledgeMs: 300, retryAfterMs: PATIENT } }));
    rest.slack.faults.silent(true);
    await rest.slack.say('mia', 'square', 'ping');
    await eventually('a second link', () => opened(rest) >= 2 || undefined);
    rest.slack.faults.silent(false);
    await rest.slack.connected();
    await eventually('the answer', () => says(rest).includes('pong') || undefined);
  });

  test('an event that is not acknowledged comes again, with the same id and the number of the attempt', async () => {
    const rest = (program = await noting({ options: { acknowledgeMs: 100, retryAfterMs: [0, 50, 50] } }));
    const { client } = receiverOf(rest);
    client.removeAllListeners('slack_event');
    const came: { id: string; retry: number; reason: string }[] = [];
    client.on('slack_event', ({ body, retry_num: retry, retry_reason: reason, ack }) => {
      came.push({ id: body.event_id, retry, reason });
      if (retry === 2) void ack();
    });
    await rest.slack.say('mia', 'square', 'hello');
    await eventually('three attempts', () => came[2]);
    assert.deepEqual(
      came.slice(0, 3).map(({ retry, reason }) => [retry, reason]),
      [
        [0, ''],
        [1, 'timeout'],
        [2, 'timeout'],
      ],
    );
    assert.equal(new Set(came.map(({ id }) => id)).size, 1);
  });

  test('every event twice, or one once more, has the id that it had', async () => {
    const rest = (program = await noting());
    rest.slack.faults.duplicate(true);
    await rest.slack.say('mia', 'square', 'hello');
    await eventually('two', () => rest.got.length === 2 || undefined);
    rest.slack.faults.duplicate(false);
    const ts = await rest.slack.say('mia', 'square', 'hello again');
    await eventually('one more', () => rest.got.length === 3 || undefined);
    rest.slack.again(ts);
    await eventually('it once more', () => rest.got.length === 4 || undefined);
    const [first, second, third, fourth] = rest.got.map(({ id }) => id);
    assert.deepEqual([first === second, third === fourth, first === third], [true, true, false]);
    assert.equal(rest.got[3]?.retry, 1);
  });

  test('a slash command that nobody acknowledges tells its person so, and that alone', async () => {
    const rest = (program = await joined({ options: { acknowledgeMs: 100 } }));
    await rest.slack.say('mia', 'square', '/stock aapl.us');
    const late = await eventually('Slackbot', () => rest.slack.seen('square', 'mia')[0]);
    assert.deepEqual([late.author.name, late.text], ['Slackbot', '/stock failed with the error "operation_timeout"']);
    assert.deepEqual([rest.slack.seen('square'), rest.slack.seen('square', 'max')], [[], []]);
    await rest.app.stop();
    await eventually('dispatch_failed', async () => {
      await rest.slack.say('mia', 'square', '/stock aapl.us');
      return rest.slack.seen('square', 'mia').find(({ text }) => text.includes('dispatch_failed'));
    });
  });

  test('a response_url serves five times, and the sixth is refused and written down', async () => {
    const rest = (program = await joined());
    const results: string[] = [];
    rest.app.command('/stock', async ({ ack, respond }) => {
      await ack();
      for (const n of [1, 2, 3, 4, 5, 6]) {
        await respond(`answer ${n}`).then(
          () => results.push('ok'),
          (error: Error) => results.push(error.message),
        );
      }
    });
    await rest.slack.say('mia', 'square', '/stock aapl.us');
    await eventually('six tries', () => results.length === 6 || undefined);
    assert.match(results[5] ?? '', /404/);
    assert.equal(rest.slack.seen('square', 'mia').length, 5);
    assert.equal(rest.slack.violations.length, 1);
  });

  test('more than a message a second in one room is 429, and a client that waits breaks no rule', async () => {
    const rest = (program = await joined({ options: { postLimit: { burst: 2, perSecond: 1 } } }));
    await Promise.all(['1', '2', '3'].map((text) => rest.app.client.chat.postMessage({ channel: 'C0SQUARE', text })));
    assert.deepEqual(posted(rest), [200, 200, 429, 200]);
    assert.deepEqual([says(rest).toSorted(), rest.slack.violations], [['1', '2', '3'], []]);
  });

  test('a client that does not wait for Retry-After is written down', async () => {
    const rest = (program = await joined({ options: { postLimit: { burst: 1, perSecond: 0.2 } } }));
    const broken = await eventually('a violation', async () => {
      await impatient(rest)
        .chat.postMessage({ channel: 'C0SQUARE', text: 'now!' })
        .catch(() => undefined);
      return rest.slack.violations[0];
    });
    assert.match(broken, /chat\.postMessage was called \d+ ms before Retry-After was over/);
  });

  test('a planned answer is given so many times, where it matches, and then all is well again', async () => {
    const rest = (program = await joined());
    const client = impatient(rest);
    rest.slack.faults.answer(503, 1, { match: 'chat.postMessage' });
    assert.equal((await client.auth.test()).ok, true);
    await assert.rejects(client.chat.postMessage({ channel: 'C0SQUARE', text: 'x' }), /503/);
    assert.equal((await client.chat.postMessage({ channel: 'C0SQUARE', text: 'y' })).ok, true);
    rest.slack.faults.answer(200, 1);
    await assert.rejects(client.auth.test(), /fatal_error/);
    rest.slack.faults.answer(429, 1, { retryAfter: 1, match: 'users.info' });
    assert.equal((await rest.app.client.users.info({ user: 'U0MIA' })).user?.name, 'mia');
    assert.deepEqual([says(rest), rest.slack.violations], [['y'], []]);
  });

  test('a lost answer leaves the client in doubt, though the message is there', async () => {
    const rest = (program = await joined());
    rest.slack.faults.loseAnswers(1);
    await assert.rejects(impatient(rest).chat.postMessage({ channel: 'C0SQUARE', text: 'said' }));
    assert.deepEqual([says(rest), posted(rest)], [['said'], [0]]);
  });

  test('slow answers come late, until it is told otherwise', async () => {
    const rest = (program = await joined());
    rest.slack.faults.slow(200);
    const start = performance.now();
    await rest.app.client.auth.test();
    assert.ok(performance.now() - start >= 190);
    rest.slack.faults.slow(0);
  });

  test('faults by chance are the same for the same seed', async () => {
    const runs: number[][] = [];
    for (const seed of [7, 7, 8]) {
      const slack = await startSlack();
      slack.faults.random(seed, { disconnect: 0, duplicate: 0, limited: 0.2, broken: 0.2 });
      for (let n = 0; n < 40; n += 1) await fetch(`${slack.env.SLACK_API_URL}auth.test`).catch(() => undefined);
      slack.faults.random(0, undefined);
      runs.push(slack.calls.map(({ status }) => status));
      await slack.stop();
    }
    program = undefined;
    assert.deepEqual(runs[0], runs[1]);
    assert.notDeepEqual(runs[0], runs[2]);
    assert.deepEqual(
      [...new Set(runs[0])].toSorted((a, b) => a - b),
      [0, 200, 429, 503],
    );
  });

  test('a link that nobody was promised is refused, and written down', async () => {
    const slack = await startSlack();
    const link = new WebSocket(`${slack.page.replace('http', 'ws')}link/?ticket=none`);
    await new Promise((resolve) => link.addEventListener('error', resolve, { once: true }));
    await slack.stop();
    program = undefined;
    assert.match(slack.violations[0] ?? '', /ticket that was never given out/);
  });
});

/** The vendor's client, told to do nothing again by itself. */
function impatient({ slack }: Program): webApi.WebClient {
  const never = { retryConfig: { retries: 0 }, rejectRateLimitedCalls: true };
  return new webApi.WebClient(slack.env.SLACK_BOT_TOKEN, { ...clientOptions(slack), ...never });
}

/** The vendor's receiver, to look below Bolt. */
function receiverOf({ app }: Program): SocketModeReceiver {
  const { receiver } = app as unknown as { receiver: unknown };
  assert.ok(receiver instanceof SocketModeReceiver);
  return receiver;
}
