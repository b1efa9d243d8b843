import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { room, type There, told, withClient } from './with-client.ts';

const STOCK = { name: 'stock', description: 'Latest price of a share' };

describe('the vendor’s own client comes through trouble', { concurrency: true }, () => {
  for (const [name, trouble] of [
    ['the connection is cut', ({ discord }: There) => discord.faults.disconnect()],
    ['Discord asks for a reconnect', ({ discord }: There) => discord.faults.reconnect()],
    ['the session is doubted', ({ discord }: There) => discord.faults.invalidSession(true)],
  ] as const) {
    test(`${name}, and what was said meanwhile is told after the resume`, () =>
      withClient({}, async (there) => {
        const { discord, client } = there;
        const resumed = told(client, 'shardResume');
        const heard = told(client, 'messageCreate');
        trouble(there);
        const id = await discord.say('mia', 'square', 'while you were away');
        assert.equal((await heard)[0].id, id);
        await resumed;
        await discord.connected();
      }));
  }

  test('the session is lost, and the client signs in anew', () =>
    withClient({}, async ({ discord, client }) => {
      const ready = told(client, 'shardReady');
      discord.faults.invalidSession(false);
      await ready;
      const heard = told(client, 'messageCreate');
      await discord.say('mia', 'square', 'welcome back');
      assert.equal((await heard)[0].content, 'welcome back');
    }));

  test('the connection stays open but is dead, and the client notices and comes back', () =>
    withClient({ heartbeatMs: 300 }, async ({ discord, client }) => {
      const resumed = told(client, 'shardResume');
      discord.faults.silent(true);
      const heard = told(client, 'messageCreate');
      await discord.say('mia', 'square', 'can you hear me?');
      await resumed;
      assert.equal((await heard)[0].content, 'can you hear me?');
    }));

  test('a heartbeat that is asked for comes at once', () =>
    withClient({}, async ({ discord, client }) => {
      const beat = told(client, 'debug', (text) => text.includes('Heartbeat acknowledged'));
      discord.faults.askHeartbeat();
      await beat;
    }));

  test('an event that comes twice is the same one', () =>
    withClient({}, async (there) => {
      const { discord, client } = there;
      const ids: string[] = [];
      await client.application.commands.set([STOCK], discord.guildId);
      const thrice = told(client, 'interactionCreate', (one) => ids.push(one.id) === 3);
      discord.faults.duplicate(true);
      const id = await discord.say('mia', 'square', '/stock');
      discord.faults.duplicate(false);
      discord.again(id);
      await thrice;
      assert.deepEqual(ids, [id, id, id]);
    }));

  test('a server error is tried again by the client, and an answer that is lost is not', () =>
    withClient({}, async (there) => {
      const { discord } = there;
      discord.faults.answer(503, 1, { match: 'messages' });
      await room(there).send('once more');
      discord.faults.loseAnswers(1, 'messages');
      await assert.rejects(room(there).send('said, but nobody knows'));
      assert.deepEqual(
        discord.seen('square').map((one) => one.text),
        ['once more', 'said, but nobody knows'],
      );
    }));

  test('slow answers come all the same', () =>
    withClient({}, async (there) => {
      there.discord.faults.slow(150);
      const before = performance.now();
      await room(there).send('slowly');
      assert.ok(performance.now() - before >= 149);
    }));
});
