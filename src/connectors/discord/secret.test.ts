import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { formsIn } from '#test/support/canary.ts';
import { keeping, play, type Play } from '#test/support/discord-play.ts';
import { CANARY, keepKey, KEY, keyPair, type KeyPair } from '#test/support/keep-key.ts';
import { eventually } from '#test/support/wait.ts';

/** Discord with a command that takes a key; `away`: nothing can be sealed. */
async function playWithKey(t: TestContext, away = false): Promise<Play & { keys: KeyPair }> {
  const keys = await keyPair();
  const kept = keeping();
  const command = keepKey();
  kept.commands = new Map([...kept.commands, [command.name, command]]);
  if (!away) kept.seal = keys.seal;
  return { ...(await play(t, { kept })), keys };
}

/** All that is kept of what was asked, and the log. */
const keptOf = ({ kept: { asked, inbox, log, places } }: Play): string =>
  JSON.stringify([asked, [...inbox], log, places]);

const toldOf = (given: Play, person: string): Promise<string> =>
  eventually(
    `a word to ${person}`,
    () => given.sim.seen(`dm:${person}`, person).find(({ author }) => author.bot)?.text,
  );

describe('a key on Discord', () => {
  test('goes on sealed from a slash command, and its answer is for the asker alone', async (t) => {
    const given = await playWithKey(t);
    await given.sim.say('mia', 'square', `/keep-key name:mine key:${KEY}`);
    const message = await given.asked(1);
    assert.ok('args' in message.ask);
    assert.equal(message.ask.args['name'], 'mine');
    const owner = message.who.account;
    assert.equal(await given.keys.open(String(message.ask.args['key']), { owner, purpose: 'torn' }), KEY);
    assert.match(owner, /^discord:\d+$/);
    assert.deepEqual(formsIn(CANARY, keptOf(given)), []);
    await given.answer(message, { text: 'Kept mine.' });
    assert.deepEqual(
      given.sim.seen('square', 'mia').map(({ text }) => text),
      ['Kept mine.'],
    );
    assert.deepEqual(given.sim.seen('square', 'max'), []);
    assert.deepEqual(given.sim.violations, []);
  });

  test('goes on sealed from a direct message', async (t) => {
    const given = await playWithKey(t);
    await given.sim.say('mia', 'dm:mia', `keep-key mine ${KEY}`);
    const { ask, who } = await given.asked(1);
    assert.ok('args' in ask);
    assert.equal(await given.keys.open(String(ask.args['key']), { owner: who.account, purpose: 'torn' }), KEY);
    assert.deepEqual(formsIn(CANARY, keptOf(given)), []);
  });

  test('is refused where the bot is mentioned in a channel, and the message deleted', async (t) => {
    const given = await playWithKey(t);
    await given.sim.say('mia', 'square', `@Guildhall keep-key mine ${KEY}`);
    assert.match(await toldOf(given, 'mia'), /^A secret does not belong in a channel. I deleted your message/);
    assert.deepEqual(given.sim.seen('square'), []);
    assert.deepEqual([given.kept.asked, given.kept.inbox.size], [[], 0]);
    assert.deepEqual(formsIn(CANARY, keptOf(given)), []);
  });

  test('is refused there in any misspelt form too', async (t) => {
    const given = await playWithKey(t);
    for (const line of [
      `keep-key ${KEY}`,
      `, keep-key mine ${KEY}`,
      `kep-key mine ${KEY}`,
      `||keep-key mine ${KEY}||`,
      `keep-key:${KEY}`,
      `KEEP-KEY mine ${KEY} x`,
    ])
      await given.sim.say('max', 'square', `@Guildhall ${line}`);
    await eventually('an empty channel', () => given.sim.seen('square').length === 0 || undefined);
    assert.deepEqual(given.kept.asked, []);
    await toldOf(given, 'max');
    const told = given.sim.seen('dm:max', 'max').filter(({ author }) => author.bot);
    assert.equal(told.length, 1, 'three lines at once are answered once');
  });

  test('that the bot may not delete is to be deleted by its writer', async (t) => {
    const given = await playWithKey(t);
    given.sim.takePermission('square', 'MANAGE_MESSAGES');
    await given.sim.say('mia', 'square', `@Guildhall keep-key mine ${KEY}`);
    assert.match(await toldOf(given, 'mia'), /Delete it yourself and make a new one/);
    assert.deepEqual(given.kept.asked, []);
  });

  test('is not deleted where there was none: the name of the command alone', async (t) => {
    const given = await playWithKey(t);
    await given.sim.say('mia', 'square', '@Guildhall keep-key');
    assert.match(await toldOf(given, 'mia'), /Use \/keep-key or ask me here/);
    assert.equal(given.sim.seen('square').length, 1);
  });

  test('is not offered words while it is typed', async (t) => {
    const given = await playWithKey(t);
    const [registered] = given.sim.commands().guild.filter(({ name }) => name === 'keep-key');
    assert.ok(registered);
    assert.doesNotMatch(JSON.stringify(registered), /autocomplete/);
  });

  test('is kept nowhere while the vault is away, and the asker is told so', async (t) => {
    const given = await playWithKey(t, true);
    await given.sim.say('mia', 'square', `/keep-key name:mine key:${KEY}`);
    const seen = await eventually('a word', () => given.sim.seen('square', 'mia')[0]);
    assert.match(seen.text, /The vault is away/);
    assert.deepEqual(given.sim.seen('square', 'max'), []);
    assert.equal(given.kept.inbox.size, 0);
    assert.deepEqual(formsIn(CANARY, keptOf(given)), []);
  });
});
