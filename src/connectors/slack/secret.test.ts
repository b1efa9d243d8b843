import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { NO_PACE } from '#bus/outbound-queue.ts';
import { say } from '#core/message.ts';
import { startSlack, type SlackSimulator } from '#test/simulators/slack/index.ts';
import { formsIn } from '#test/support/canary.ts';
import { CANARY, keepKey, KEY, keyPair, type KeyPair } from '#test/support/keep-key.ts';
import { TestHall } from '#test/support/slack-hall.ts';
import { eventually } from '#test/support/wait.ts';
import { slackConnector } from './index.ts';

interface Given {
  slack: SlackSimulator;
  hall: TestHall;
  keys: KeyPair;
  /** Waits for a line that this person sees there. */
  sees(person: string, room: string, words: RegExp): Promise<void>;
}

/** Slack with a command that takes a key; `away`: nothing can be sealed. */
async function start(t: TestContext, away = false): Promise<Given> {
  const slack = await startSlack({ commands: ['/guildhall', '/keep-key'] });
  const keys = await keyPair();
  const hall = new TestHall(() => [say('Kept mine.')]);
  hall.commands = new Map([['keep-key', keepKey()]]);
  if (!away) hall.seal = keys.seal;
  const { SLACK_BOT_TOKEN: botToken = '', SLACK_APP_TOKEN: appToken = '', SLACK_API_URL: apiUrl = '' } = slack.env;
  const connector = slackConnector({ botToken, appToken, apiUrl, pace: NO_PACE }, hall.ports);
  hall.connector = connector;
  t.after(async () => {
    await connector.stop(1_000);
    await slack.stop();
  });
  connector.start();
  await slack.connected();
  return {
    slack,
    hall,
    keys,
    async sees(person, room, words) {
      await eventually(`${words} seen by ${person}`, () =>
        slack.seen(room, person).find(({ text }) => words.test(text)),
      );
    },
  };
}

const keptOf = ({ hall: { received, log } }: Given): string => JSON.stringify([received, log]);

async function opened({ hall, keys }: Given): Promise<string> {
  const [message] = hall.received;
  assert.ok(message && 'args' in message.ask);
  return keys.open(String(message.ask.args['key']), { owner: 'slack:U0MIA', purpose: 'torn' });
}

describe('a key on Slack', () => {
  for (const line of [`/guildhall keep-key mine ${KEY}`, `/keep-key mine ${KEY}`])
    test(`goes on sealed from “${line.split(' ')[0]}”, and its answer is for the asker alone`, async (t) => {
      const given = await start(t);
      await given.slack.say('mia', 'square', line);
      await given.sees('mia', 'square', /^Kept mine\.$/);
      assert.equal(await opened(given), KEY);
      assert.deepEqual(formsIn(CANARY, keptOf(given)), []);
      assert.deepEqual(given.slack.seen('square', 'max'), []);
    });

  test('goes on sealed from a direct message', async (t) => {
    const given = await start(t);
    await given.slack.say('mia', 'dm:mia', `keep-key mine ${KEY}`);
    await given.sees('mia', 'dm:mia', /^Kept mine\.$/);
    assert.equal(await opened(given), KEY);
    assert.deepEqual(formsIn(CANARY, keptOf(given)), []);
  });

  test('is refused where the bot is mentioned in a channel, and its writer told to delete it', async (t) => {
    const given = await start(t);
    for (const line of [`keep-key mine ${KEY}`, `keep-key ${KEY}`, `keep-key:${KEY}`])
      await given.slack.say('mia', 'square', `@Guildhall ${line}`);
    await given.sees(
      'mia',
      'square',
      /^A secret does not belong in a channel, .*Delete it yourself and make a new one/,
    );
    const told = (person: string): number =>
      given.slack.seen('square', person).filter(({ author }) => author.bot).length;
    assert.deepEqual([told('mia'), told('max')], [1, 0]);
    assert.deepEqual(given.hall.received, []);
    assert.deepEqual(formsIn(CANARY, keptOf(given)), []);
  });

  test('is kept nowhere while the vault is away, and the asker is told so', async (t) => {
    const given = await start(t, true);
    await given.slack.say('mia', 'dm:mia', `keep-key mine ${KEY}`);
    await given.sees('mia', 'dm:mia', /^The vault is away/);
    await given.slack.say('mia', 'square', `/guildhall keep-key mine ${KEY}`);
    await given.sees('mia', 'square', /^The vault is away/);
    assert.equal(given.hall.asked, 0);
    assert.deepEqual(formsIn(CANARY, keptOf(given)), []);
  });
});
