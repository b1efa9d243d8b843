import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { eventually } from '#test/support/wait.ts';
import { startSlack } from './index.ts';
import { listening, type Program } from './test-program.ts';

describe('a program that gets signed HTTP from the simulated Slack', () => {
  let program: Program | undefined;
  afterEach(() => program?.stop());

  test('it answers the challenge, hears a mention, and its answer is seen', async () => {
    const { url, ...rest } = await listening({
      listen: (app) => app.event('app_mention', async ({ event, say }) => void (await say(`hello <@${event.user}>`))),
    });
    program = rest;
    await rest.slack.deliverTo(url);
    await rest.slack.connected();
    await rest.slack.say('mia', 'square', '@Guildhall hello');
    await eventually('the answer', () => rest.slack.seen('square').find(({ text }) => text === 'hello @mia'));
    assert.deepEqual([rest.slack.violations, rest.slack.lost, rest.errors], [[], [], []]);
  });

  test('told its address at the start, the simulated Slack finds the program by itself', async () => {
    const { url, ...rest } = await listening();
    program = rest;
    const another = await startSlack({ http: { url } });
    await another.connected();
    await another.stop();
  });

  test('a slash command comes as a form, and is answered by the acknowledgement and by response_url', async () => {
    const { url, ...rest } = await listening({
      listen(app) {
        app.command('/stock', async ({ command, ack, respond }) => {
          await ack(`Looking up ${command.text} & more`);
          await respond({ text: 'It is 126.85', response_type: 'in_channel' });
        });
      },
    });
    program = rest;
    await rest.slack.deliverTo(url);
    await rest.slack.say('mia', 'square', '/stock aapl.us');
    await eventually('the quote', () => rest.slack.seen('square').find(({ text }) => text === 'It is 126.85'));
    await eventually('the whisper', () => rest.slack.seen('square', 'mia').find(({ to }) => to === 'U0MIA'));
    const texts = rest.slack.seen('square', 'mia').map(({ text }) => text);
    assert.deepEqual(texts.toSorted(), ['It is 126.85', 'Looking up aapl.us & more']);
  });

  test('an event that is answered too late comes again with the same id and its headers', async () => {
    const got: { id: string; retry: number | undefined; reason: string | undefined }[] = [];
    const { url, ...rest } = await listening({
      options: { acknowledgeMs: 200, retryAfterMs: [0, 100, 100] },
      listen(app) {
        app.use(async ({ body, context: { retryNum: retry, retryReason: reason }, next }) => {
          got.push({ id: 'event_id' in body ? String(body.event_id) : '', retry, reason });
          if (retry === undefined) await eventually('the second attempt', () => got[1]);
          await next();
        });
      },
    });
    program = rest;
    await rest.slack.deliverTo(url);
    await rest.slack.say('mia', 'square', 'hello');
    await eventually('two attempts', () => got[1]);
    assert.deepEqual(
      got.slice(0, 2).map(({ retry, reason }) => [retry, reason]),
      [
        [undefined, undefined],
        [1, 'http_timeout'],
      ],
    );
    assert.equal(got[0]?.id, got[1]?.id);
  });

  test('a program with another signing secret refuses what we sign', async () => {
    const { url, ...rest } = await listening({
      secret: 'another-secret',
      options: { challengeMs: 300, retryAfterMs: [] },
    });
    program = rest;
    await assert.rejects(rest.slack.deliverTo(url), /did not answer the challenge: status 401/);
    await rest.slack.say('mia', 'square', 'hello');
    await eventually('the loss', () => rest.slack.lost[0]);
  });

  test('a command that cannot be brought over tells its person so', async () => {
    const { url, ...rest } = await listening({ options: { challengeMs: 1 } });
    program = rest;
    await rest.slack.deliverTo(url.replace('/slack/events', '/elsewhere')).catch(() => undefined);
    await rest.slack.say('mia', 'square', '/stock aapl.us');
    const line = await eventually('Slackbot', () => rest.slack.seen('square', 'mia')[0]);
    assert.match(line.text, /dispatch_failed/);
  });
});
