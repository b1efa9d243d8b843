import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { word } from '#core/arguments.ts';
import { command } from '#core/command.ts';
import type { CommandSetting } from '#core/command-setting.ts';
import { NOTHING_CHOSEN } from '#core/feature-settings.ts';
import { newId } from '#core/ids.ts';
import { job, later } from '#core/job.ts';
import { LIMITS } from '#core/limits.ts';
import { say, type IncomingMessage, type Refusal } from '#core/message.ts';
import { memoryRates } from '#expiring/memory-rates.ts';
import { findUse, type UseKey } from '#storage/command-uses.ts';
import { firstCommunity } from '#storage/communities.ts';
import { closeAnswer, findAnswer } from '#storage/work.ts';
import { freshStorage } from '#test/contracts/fixtures.ts';
import { answerMessage, type Spine } from './answer-message.ts';
import { answerKeeper } from './keep-answer.ts';
import { receiver } from './receive-message.ts';
import { withinLimit } from './within-limit.ts';

const slow = job<{ what: string }>({ name: 'test.slow', failed: () => 'no' });
const roll = command({
  name: 'roll',
  summary: 'Rolls dice',
  args: { dice: word('dice', /^[a-z0-9]+$/) },
  example: '/roll 2d6',
  allow: 'member',
  limit: { uses: 5, perSeconds: 60 },
  run: ({ args }) => (args.dice === 'later' ? later(slow, { what: 'x' }) : say(`rolled ${args.dice}`)),
});
const other = command({ ...roll, name: 'flip', run: () => say('heads') });

describe('a cooldown that the community set', () => {
  test('makes one wait after a use, and says which rule, how long, and who can change it', async (t) => {
    const bot = await botFor(t, { on: true, cooldownSeconds: 30 });
    assert.equal(await bot.ask('/roll 2d6'), undefined);
    bot.time.now += 18_000;
    const refusal = await bot.ask('/roll 2d6');
    assert.deepEqual([refusal?.status, refusal?.code, refusal?.retryAfter], [429, 'too-fast', 12]);
    assert.equal(
      refusal?.text,
      '/roll has a cooldown of 30 seconds here. Try again in 12 seconds. An admin or owner can change it.',
    );
    assert.equal(refusal?.rule, '/roll: a cooldown of 30 seconds; an admin or owner can change it');
    bot.time.now += 11_999;
    assert.equal((await bot.ask('/roll 2d6'))?.retryAfter, 1);
    bot.time.now += 1;
    assert.equal(await bot.ask('/roll 2d6'), undefined);
  });

  test('is each person’s, each command’s and each community’s own', async (t) => {
    const bot = await botFor(t, { on: true, cooldownSeconds: 30 });
    assert.equal(await bot.ask('/roll 2d6'), undefined);
    assert.equal(await bot.ask('/roll 2d6', { who: 'discord:5' }), undefined);
    assert.equal(await bot.ask('/flip x'), undefined);
    assert.equal((await bot.ask('/roll 2d6'))?.code, 'too-fast');
    bot.moveTo(await bot.secondCommunity());
    assert.equal(await bot.ask('/roll 2d6'), undefined);
  });

  test('is told with the sign that the platform has before commands', async (t) => {
    const bot = await botFor(t, { on: true, cooldownSeconds: 30 });
    await bot.ask('/roll 2d6', { sign: '!' });
    assert.match((await bot.ask('/roll 2d6', { sign: '!' }))?.text ?? '', /^!roll has a cooldown/);
  });

  test('costs nothing for a typo', async (t) => {
    const bot = await botFor(t, { on: true, cooldownSeconds: 30 });
    assert.equal((await bot.ask('/roll'))?.code, 'bad-argument');
    assert.equal((await bot.ask('/roll -'))?.code, 'bad-argument');
    assert.equal(await bot.ask('/roll 2d6'), undefined);
    assert.equal((await bot.ask('/roll'))?.code, 'too-fast', 'the pace is asked before the arguments');
  });

  test('leaves the limit that the command declares as it is', async (t) => {
    const bot = await botFor(t, { on: true, cooldownSeconds: 1 });
    for (let n = 0; n < 5; n++) {
      assert.equal(await bot.ask('/roll 2d6'), undefined);
      bot.time.now += 1_000;
    }
    const refusal = await bot.ask('/roll 2d6');
    assert.deepEqual([refusal?.code, refusal?.retryAfter], ['too-fast', 55]);
    assert.match(refusal?.text ?? '', /^\/roll is limited to 5 uses in 60 seconds here\./);
  });

  test('does not hold for ever where the clock was set back', async (t) => {
    const bot = await botFor(t, { on: true, cooldownSeconds: 30 });
    await bot.ask('/roll 2d6');
    bot.time.now -= 3_600_000;
    assert.equal(await bot.ask('/roll 2d6'), undefined);
  });
});

describe('a limit that the community set', () => {
  test('takes the place of the declared one, stricter or wider, and says so when it is used up', async (t) => {
    const bot = await botFor(t, { on: true, limit: { uses: 1, perSeconds: 7_200 } });
    assert.equal(await bot.ask('/roll 2d6'), undefined);
    bot.time.now += 60_000;
    const refusal = await bot.ask('/roll 2d6');
    assert.equal(
      refusal?.text,
      '/roll is limited to 1 use in 2 hours here. Try again in 119 minutes. An admin or owner can change it.',
    );
    assert.deepEqual(
      [refusal?.retryAfter, refusal?.rule],
      [7_140, '/roll: 1 use in 2 hours; an admin or owner can change it'],
    );
    bot.set({ on: true, limit: { uses: 9, perSeconds: 60 } });
    for (let n = 0; n < 8; n++) assert.equal(await bot.ask('/roll 2d6'), undefined);
  });

  test('begins anew when its window is over', async (t) => {
    const bot = await botFor(t, { on: true, limit: { uses: 2, perSeconds: 10 } });
    for (const after of [0, 9_999]) {
      bot.time.now += after;
      assert.equal(await bot.ask('/roll 2d6'), undefined);
    }
    assert.equal((await bot.ask('/roll 2d6'))?.retryAfter, 1);
    bot.time.now += 1;
    for (const _use of [1, 2]) assert.equal(await bot.ask('/roll 2d6'), undefined);
    assert.equal((await bot.ask('/roll 2d6'))?.retryAfter, 10);
  });

  test('with a cooldown beside it, the longer wait is told', async (t) => {
    const bot = await botFor(t, { on: true, cooldownSeconds: 50, limit: { uses: 1, perSeconds: 20 } });
    await bot.ask('/roll 2d6');
    assert.match((await bot.ask('/roll 2d6'))?.text ?? '', /cooldown of 50 seconds/);
    bot.set({ on: true, cooldownSeconds: 5, limit: { uses: 1, perSeconds: 20 } });
    assert.match((await bot.ask('/roll 2d6'))?.text ?? '', /limited to 1 use in 20 seconds/);
  });

  test('does not lift the limit over all commands', async (t) => {
    const bot = await botFor(t, { on: true, limit: { uses: 100, perSeconds: 60 } }, { uses: 2, perSeconds: 90 });
    for (const _use of [1, 2]) assert.equal(await bot.ask('/roll 2d6'), undefined);
    const refusal = await bot.ask('/roll 2d6');
    assert.equal(refusal?.retryAfter, 90);
    assert.equal(refusal?.rule, 'COMMAND_LIMIT: 2 uses in 90 seconds; the operator can change it');
  });
});

describe('what was used', () => {
  test('is remembered over a restart', async (t) => {
    const bot = await botFor(t, { on: true, cooldownSeconds: 30, limit: { uses: 2, perSeconds: 600 } });
    assert.equal(await bot.ask('/roll 2d6'), undefined);
    bot.restart();
    bot.time.now += 10_000;
    assert.equal((await bot.ask('/roll 2d6'))?.retryAfter, 20);
    bot.time.now += 20_000;
    assert.equal(await bot.ask('/roll later'), undefined, 'what a worker does counts too');
    bot.restart();
    bot.time.now += 30_000;
    assert.equal((await bot.ask('/roll 2d6'))?.retryAfter, 540);
  });

  test('of many commands at once only one is let through, also right after a restart', async (t) => {
    const bot = await botFor(t, { on: true, cooldownSeconds: 30 });
    const ranOfEight = async (): Promise<number> => {
      const messages = Array.from({ length: 8 }, () => bot.message('/roll 2d6'));
      await Promise.all(messages.map(bot.receive));
      await Promise.all(messages.map((message) => answerMessage(bot.spine, message)));
      const answers = await Promise.all(messages.map(({ id }) => findAnswer(bot.storage.db, id)));
      return answers.filter((answer) => answer?.refusal === undefined).length;
    };
    assert.equal(await ranOfEight(), 1);
    bot.time.now += 30_000;
    assert.equal(await ranOfEight(), 1);
    bot.time.now += 30_000;
    bot.restart();
    assert.equal(await ranOfEight(), 1);
  });

  test('is kept in the commit that keeps the answer, so a commit that fails costs no use', async (t) => {
    const bot = await botFor(t, { on: true, cooldownSeconds: 30 });
    const message = bot.message('/roll 2d6');
    await bot.receive(message);
    const { db } = bot.storage;
    const full = sql`create trigger full after insert on command_uses begin select raise(abort, 'it is full'); end`;
    await bot.storage.write((tx) => full.execute(tx.db));
    await assert.rejects(answerMessage(bot.spine, message), /it is full/);
    assert.equal((await findAnswer(db, message.id))?.state, 'waiting');
    assert.equal(await bot.remembered(), undefined);
    await bot.storage.write((tx) => sql`drop trigger full`.execute(tx.db));
    await answerMessage(bot.spine, message);
    assert.equal((await findAnswer(bot.storage.db, message.id))?.reply?.text, 'rolled 2d6');
    assert.equal((await bot.remembered())?.used, 1);
  });

  test('a repeat of a message counts once', async (t) => {
    const bot = await botFor(t, { on: true, limit: { uses: 3, perSeconds: 60 } });
    const message = bot.message('/roll 2d6');
    await bot.receive(message);
    for (let n = 0; n < 5; n++) await answerMessage(bot.spine, message);
    assert.equal((await findAnswer(bot.storage.db, message.id))?.refusal, undefined);
    for (const _use of [1, 2]) assert.equal(await bot.ask('/roll 2d6'), undefined);
    assert.equal((await bot.ask('/roll 2d6'))?.code, 'too-fast');
    assert.equal((await bot.remembered())?.used, 3);
  });

  test('a job whose message comes again after a restart is not refused by its own cooldown', async (t) => {
    const bot = await botFor(t, { on: true, cooldownSeconds: 30 });
    const message = bot.message('/roll later');
    await bot.receive(message);
    await answerMessage(bot.spine, message);
    bot.restart();
    await answerMessage(bot.spine, message);
    await bot.theJobAnswers(message);
  });

  test('nor by a community that switched the command off meanwhile', async (t) => {
    const bot = await botFor(t, { on: true });
    const message = bot.message('/roll later');
    await bot.receive(message);
    await answerMessage(bot.spine, message);
    bot.set({ on: false });
    await answerMessage(bot.spine, message);
    await bot.theJobAnswers(message);
  });

  test('a use that is taken back leaves those that came after it', async (t) => {
    const bot = await botFor(t, { on: true, limit: { uses: 2, perSeconds: 60 } });
    const { who, community } = bot.message('/roll 2d6');
    const asked = { who, community, command: roll, setting: bot.setting };
    const taken = await bot.spine.within.take(asked);
    assert.ok(taken.ok);
    assert.equal(await bot.ask('/roll 2d6'), undefined);
    taken.giveBack();
    assert.equal(await bot.ask('/roll 2d6'), undefined);
    assert.equal((await bot.ask('/roll 2d6'))?.code, 'too-fast');
  });

  test('is asked of the database only where the community set the pace, and once for each person', async (t) => {
    const bot = await botFor(t, undefined);
    await bot.ask('/roll 2d6');
    bot.set({ on: true, allow: 'member', symbol: '?' });
    await bot.ask('/roll 2d6');
    assert.deepEqual(bot.looked, []);
    assert.equal(await bot.remembered(), undefined);
    bot.set({ on: true, cooldownSeconds: 1 });
    for (let n = 0; n < 3; n++) await bot.ask('/roll 2d6');
    assert.deepEqual(bot.looked, ['acct_ann']);
  });

  test('is held for so many people at once, and who has used it longest ago is looked up again', async () => {
    const time = { now: 0 };
    const clock = () => time.now;
    const looked: string[] = [];
    const find = async (key: UseKey) => void looked.push(key.person);
    const within = withinLimit({ uses: 1, perSeconds: 1 }, { rates: memoryRates(clock), clock, find });
    const setting = { on: true, cooldownSeconds: 1 };
    const use = (who: string) => within.take({ ...messageOf('/roll 2d6', { who }), command: roll, setting });
    // Each has two keys there: one for this command, one for all.
    for (let n = 0; n < LIMITS.rateKeys / 2; n++) await use(`discord:${n}`);
    time.now = 60_000;
    await use('discord:0');
    await use('discord:new');
    looked.length = 0;
    await use('discord:0');
    await use('discord:1');
    assert.deepEqual(looked, ['discord:1']);
  });
});

describe('a command for people by name', () => {
  test('runs for these alone: members by their account, others as their platform knows them', async (t) => {
    const bot = await botFor(t, { on: true, allow: ['acct_ann', 'twitch:44'] });
    assert.equal(await bot.ask('/roll 2d6'), undefined);
    assert.equal(await bot.ask('/roll 2d6', { who: 'twitch:44' }), undefined);
    for (const who of ['acct_bob', 'twitch:45', 'discord:44']) {
      const refusal = await bot.ask('/roll 2d6', { who, role: 'owner' });
      assert.deepEqual(
        [refusal?.status, refusal?.text],
        [403, '/roll is for named people here. An admin or owner can change that.'],
      );
    }
  });

  test('tells a stranger who it is for before anything about pace or form', async (t) => {
    const bot = await botFor(t, { on: true, allow: ['acct_ann'], cooldownSeconds: 60 });
    await bot.ask('/roll 2d6');
    assert.equal((await bot.ask('/roll', { who: 'acct_bob' }))?.code, 'not-allowed');
  });
});

describe('a time is told', () => {
  const told: [seconds: number, rule: string, wait: string][] = [
    [1, '1 second', '1 second'],
    [119, '119 seconds', '119 seconds'],
    [150, '150 seconds', '3 minutes'],
    [3_600, '60 minutes', '60 minutes'],
    [86_400, '24 hours', '24 hours'],
    [172_800, '2 days', '2 days'],
    [2_592_000, '30 days', '30 days'],
  ];
  for (const [seconds, rule, wait] of told) {
    test(`${seconds} s as a rule of ${rule}, and as a wait of ${wait}`, async (t) => {
      const bot = await botFor(t, { on: true, cooldownSeconds: seconds });
      await bot.ask('/roll 2d6');
      const { text, retryAfter } = (await bot.ask('/roll 2d6')) ?? {};
      assert.equal(retryAfter, seconds);
      assert.ok(text?.startsWith(`/roll has a cooldown of ${rule} here. Try again in ${wait}.`), text);
    });
  }
});

interface Asked {
  who?: string;
  role?: 'member' | 'owner';
  sign?: string;
  community?: string;
}

async function botFor(t: TestContext, setting: CommandSetting | undefined, all = { uses: 1_000, perSeconds: 60 }) {
  const storage = await freshStorage(t);
  const time = { now: 1_790_000_000_000 };
  const clock = () => time.now;
  const looked: string[] = [];
  const find = (key: UseKey) => {
    looked.push(key.person);
    return findUse(storage.db, key);
  };
  const freshLimits = () => withinLimit(all, { rates: memoryRates(clock), clock, find });
  let community = (await firstCommunity(storage.db)).id;
  const spine: Spine = {
    commands: new Map([roll, other].map((one) => [one.name, one])),
    settings: async () => bot.setting,
    chosen: async () => NOTHING_CHOSEN,
    barred: async () => undefined,
    within: freshLimits(),
    keep: answerKeeper(storage, clock),
  };
  const message = (text: string, asked: Asked = {}) => messageOf(text, { community, ...asked });
  const receive = (taken: IncomingMessage) => receiver(storage)(taken, taken.id);
  const bot = {
    storage,
    time,
    looked,
    setting,
    spine,
    message,
    receive,
    set: (next: CommandSetting) => void (bot.setting = next),
    moveTo: (next: string) => void (community = next),
    /** What is in memory is gone. */
    restart: () => void (spine.within = freshLimits()),
    remembered: () => findUse(storage.db, { community, command: 'roll', person: 'acct_ann' }),
    /** Asks and gives the refusal, undefined where it ran. */
    async ask(text: string, asked: Asked = {}): Promise<(Refusal & { text: string }) | undefined> {
      const one = message(text, asked);
      await receive(one);
      await answerMessage(spine, one);
      const answer = await findAnswer(storage.db, one.id);
      return answer?.refusal && { ...answer.refusal, text: answer.reply?.text ?? '' };
    },
    /** The worker's answer is the only one. */
    async theJobAnswers({ id }: IncomingMessage): Promise<void> {
      const reply = say('rolled a 6');
      assert.equal(await storage.write((tx) => closeAnswer(tx.db, id, { state: 'done', reply })), true);
      assert.deepEqual(await findAnswer(storage.db, id).then((answer) => answer?.reply), reply);
      const said = await storage.db.selectFrom('outbox').selectAll().where('channel', 'like', 'outgoing.%').execute();
      assert.deepEqual(said, []);
    },
    async secondCommunity(): Promise<string> {
      const row = { id: newId('comm'), name: 'Another', created_at: 2 };
      await storage.write((tx) => tx.db.insertInto('communities').values(row).execute());
      return row.id;
    },
  };
  return bot;
}

function messageOf(
  text: string,
  { who = 'acct_ann', role = 'member', sign, community = 'comm_1' }: Asked,
): IncomingMessage {
  return {
    id: newId('job'),
    from: { platform: 'webchat', room: 'room_1', account: who },
    community,
    who: { account: who, name: who, username: who, role },
    ask: { text },
    ...(sign !== undefined && { style: { sign } }),
    at: 1,
  };
}
