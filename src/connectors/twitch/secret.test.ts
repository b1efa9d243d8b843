import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { formsIn } from '#test/support/canary.ts';
import { CANARY, keepKey, KEY } from '#test/support/keep-key.ts';
import { COMMANDS, startStage, type Stage } from '#test/support/twitch-stage.ts';
import { eventually } from '#test/support/wait.ts';

const commands = new Map([...COMMANDS, ['keep-key', keepKey()]]);
const start = (t: TestContext, plain = false): Promise<Stage> => startStage(t, { commands, plain });

const linesOf = ({ twitch }: Stage): string[] =>
  twitch
    .seen('square')
    .filter(({ author }) => !author.bot)
    .map(({ text }) => text);

const keptOf = ({ asked, logged, remembered }: Stage): string => JSON.stringify([asked, logged, [...remembered]]);

describe('a key in a Twitch chat', () => {
  test('is refused and the line deleted, as all that is typed there is public', async (t) => {
    const stage = await start(t);
    await stage.twitch.say('mia', 'square', `!keep-key mine ${KEY}`);
    const [told] = await stage.hears(1);
    assert.match(told ?? '', /^@mia a secret does not belong in this chat. I deleted your line/);
    assert.deepEqual(linesOf(stage), []);
    assert.deepEqual(stage.asked, []);
    assert.deepEqual(formsIn(CANARY, keptOf(stage)), []);
    assert.deepEqual(stage.twitch.violations, []);
  });

  test('is refused in any misspelt form too, and the writer told once', async (t) => {
    const stage = await start(t);
    for (const line of [
      `!keep-key ${KEY}`,
      `!keep-key=${KEY}`,
      `@${stage.twitch.env['TWITCH_BOT_LOGIN'] ?? 'guildhall'} keep-key mine ${KEY}`,
    ])
      await stage.twitch.say('max', 'square', line);
    await eventually('an empty chat', () => linesOf(stage).length === 0 || undefined);
    await stage.hears(1);
    assert.equal(stage.said().length, 1);
    assert.deepEqual(stage.asked, []);
  });

  test('that the bot may not delete is still refused', async (t) => {
    const stage = await start(t, true);
    await stage.twitch.say('mia', 'square', `!keep-key mine ${KEY}`);
    const [told] = await stage.hears(1);
    assert.match(told ?? '', /I may not delete your line/);
    assert.equal(linesOf(stage).length, 1);
    assert.deepEqual(stage.asked, []);
    assert.deepEqual(formsIn(CANARY, keptOf(stage)), []);
  });
});
