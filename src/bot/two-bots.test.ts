import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test, type TestContext } from 'node:test';
import { text } from '#core/arguments.ts';
import { command } from '#core/command.ts';
import type { CommandSetting } from '#core/command-setting.ts';
import { NOTHING_CHOSEN } from '#core/feature-settings.ts';
import { newId } from '#core/ids.ts';
import { say, type IncomingMessage } from '#core/message.ts';
import { redisRates } from '#expiring/redis-rates.ts';
import { findUse } from '#storage/command-uses.ts';
import { firstCommunity } from '#storage/communities.ts';
import { findAnswer } from '#storage/work.ts';
import { freshStorage } from '#test/contracts/fixtures.ts';
import { ownRedis, type OwnRedis } from '#test/support/own-redis.ts';
import { eventually } from '#test/support/wait.ts';
import { answerMessage, type Spine } from './answer-message.ts';
import { answerKeeper } from './keep-answer.ts';
import { receiver } from './receive-message.ts';
import { withinLimit } from './within-limit.ts';

const roll = command({
  name: 'roll',
  summary: 'Rolls dice',
  args: { dice: text('dice') },
  example: '/roll 2d6',
  allow: 'member',
  limit: { uses: 3, perSeconds: 3_600 },
  run: ({ args }) => say(`rolled ${args.dice}`),
});

const skip = process.env['TEST_ENGINES'] === 'none' && 'no engines here';

describe('two bots that share the work', { skip }, () => {
  let redis: OwnRedis;
  before(async () => void (redis = await ownRedis()));
  beforeEach(() => redis.startAgain());
  after(() => redis.remove());

  test('let only one last use through, of many at once', async (t) => {
    const bots = await botsFor(t, redis);
    assert.equal(await bots.ranOf(20), 3);
  });

  test('and of a cooldown that the community set only one in all', async (t) => {
    const bots = await botsFor(t, redis, { on: true, cooldownSeconds: 3_600 });
    assert.equal(await bots.ranOf(20), 1);
    assert.equal((await bots.remembered())?.used, 1);
  });

  test('a typo through one costs nothing at the other', async (t) => {
    const bots = await botsFor(t, redis, { on: true, limit: { uses: 1, perSeconds: 3_600 } });
    assert.equal(await bots.ask(0, '/roll'), 'bad-argument');
    assert.equal(await bots.ask(0, '/roll'), 'bad-argument');
    assert.equal(await bots.ask(1, '/roll 2d6'), undefined);
    assert.equal(await bots.ask(0, '/roll 2d6'), 'too-fast');
  });

  test('go on from what the database remembers where Redis is new', async (t) => {
    const bots = await botsFor(t, redis, { on: true, cooldownSeconds: 3_600 });
    assert.equal(await bots.ask(0, '/roll 2d6'), undefined);
    await redis.kill();
    await redis.startAgain();
    await bots.areUp();
    assert.equal(await bots.ask(1, '/roll 2d6'), 'too-fast');
  });

  test('and where Redis is away, each by itself', async (t) => {
    const bots = await botsFor(t, redis, { on: true, cooldownSeconds: 3_600 });
    await redis.kill();
    assert.equal(await bots.ask(0, '/roll 2d6'), undefined);
    assert.equal(await bots.ask(1, '/roll 2d6'), 'too-fast', 'what the other one did is in the database');
    await redis.startAgain();
    await bots.areUp();
    assert.equal(await bots.ask(1, '/roll 2d6'), 'too-fast');
  });
});

async function botsFor(t: TestContext, redis: OwnRedis, setting?: CommandSetting) {
  const storage = await freshStorage(t);
  const community = (await firstCommunity(storage.db)).id;
  const prefix = `${newId('evt')}:`;
  const processes = [1, 2].map(() => redisRates({ url: redis.url, prefix, logger: { warn: () => undefined } }));
  for (const one of processes) t.after(() => one.close());
  const areUp = async (): Promise<void> => {
    for (const { health } of processes) await eventually('Redis to be used', () => health().up || undefined);
  };
  await areUp();
  const spines = processes.map(({ rates }): Spine => {
    const parts = { rates, clock: Date.now, find: (key: Parameters<typeof findUse>[1]) => findUse(storage.db, key) };
    return {
      commands: new Map([[roll.name, roll]]),
      settings: async () => setting,
      chosen: async () => NOTHING_CHOSEN,
      barred: async () => undefined,
      within: withinLimit({ uses: 1_000, perSeconds: 60 }, parts),
      keep: answerKeeper(storage, Date.now),
    };
  });
  /** Asks one of the bots; gives the code of the refusal, undefined where it ran. */
  const ask = async (bot: number, line: string): Promise<string | undefined> => {
    const message = messageOf(community, line);
    await receiver(storage)(message, message.id);
    await answerMessage(spines[bot % 2] as Spine, message);
    return (await findAnswer(storage.db, message.id))?.refusal?.code;
  };
  return {
    ask,
    areUp,
    /** Of so many asked of both at once, how many ran. */
    async ranOf(times: number): Promise<number> {
      const codes = await Promise.all(Array.from({ length: times }, (_, n) => ask(n, '/roll 2d6')));
      return codes.filter((code) => code === undefined).length;
    },
    remembered: () => findUse(storage.db, { community, command: 'roll', person: 'acct_ann' }),
  };
}

function messageOf(community: string, line: string): IncomingMessage {
  const account = 'acct_ann';
  return {
    id: newId('job'),
    from: { platform: 'webchat', room: newId('room'), account },
    community,
    who: { account, name: 'ann', username: 'ann', role: 'member' },
    ask: { text: line },
    at: 1,
  };
}
