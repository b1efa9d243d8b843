import assert from 'node:assert/strict';
import { beforeEach, describe, test, type TestContext } from 'node:test';
import { optional, text, whole, word } from '#core/arguments.ts';
import { command, type AnyCommand } from '#core/command.ts';
import type { CommandSetting } from '#core/command-setting.ts';
import { featureSettings, writing, type Chosen } from '#core/feature-settings.ts';
import { conflict, notReady } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { job, later } from '#core/job.ts';
import { say, whisper, type IncomingMessage, type OutgoingMessage, type Style } from '#core/message.ts';
import type { Role } from '#core/roles.ts';
import { memoryRates } from '#expiring/memory-rates.ts';
import type { Storage } from '#storage/storage.ts';
import { findAnswer, findJob } from '#storage/work.ts';
import { freshStorage } from '#test/contracts/fixtures.ts';
import { formsIn } from '#test/support/canary.ts';
import { CANARY, keepKey, KEY } from '#test/support/keep-key.ts';
import { answerMessage, type Spine } from './answer-message.ts';
import { answerKeeper } from './keep-answer.ts';
import { helpCommand } from './help-command.ts';
import { receiver } from './receive-message.ts';
import { withinLimit } from './within-limit.ts';

const slow = job<{ what: string }>({ name: 'test.slow', failed: () => 'no' });
const limit = { uses: 2, perSeconds: 60 };
let ran: string[] = [];

const lend = command({
  name: 'lend',
  summary: 'Lends a thing',
  args: { item: word('a thing', /^[a-z.]+$/), days: optional(whole('days', 1, 30)) },
  example: '/lend ladder 3',
  allow: 'member',
  limit,
  run({ args }) {
    ran.push(args.item);
    if (args.item === 'nothing') throw conflict('not-here', 'There is none.');
    if (args.item === 'broken') throw new Error('a mistake of ours');
    if (args.item === 'later') return later(slow, { what: 'x' }, whisper('Looking…'));
    return say(`Lent ${args.item} for ${args.days ?? 1}`);
  },
});
const greet = command({
  name: 'greet',
  summary: 'Greets',
  args: {},
  example: '/greet',
  allow: 'member',
  limit,
  settings: featureSettings('door', {
    title: 'The door',
    about: 'Who comes in.',
    fields: { words: writing({ label: 'Words', help: 'What is said.', declared: 'Hello', most: 20 }) },
  }),
  run: ({ settings }) => say(settings.words),
});
const announce = command({
  name: 'announce',
  summary: 'Says it to all',
  args: { words: text('what to say') },
  example: '/announce hello',
  allow: 'admin',
  limit,
  run: ({ args }) => say(args.words),
});

describe('what the bot does with a line', () => {
  beforeEach(() => (ran = []));

  test('/name args, /name=args and any case of the name are the same', async (t) => {
    const bot = await botFor(t);
    for (const line of ['/lend ladder 3', '/lend=ladder 3', '/LEND ladder 3', '  /lend   ladder  3 '])
      assert.equal((await bot.ask(line, { who: line })).reply.text, 'Lent ladder for 3');
    assert.match((await bot.ask('/lend =ladder 3')).reply.text, /“=ladder” is not a thing/);
  });

  test('an unknown command is answered to the asker alone, with where to look', async (t) => {
    const { reply, refusal } = await (await botFor(t)).ask('/lned ladder');
    assert.equal(reply.text, 'There is no command /lned. /help lists what there is.');
    assert.deepEqual([reply.private, refusal?.status, refusal?.code], [true, 404, 'unknown-command']);
  });

  test('names that every object has are unknown commands like others', async (t) => {
    const bot = await botFor(t);
    for (const name of ['constructor', '__proto__', 'tostring'])
      assert.equal((await bot.ask(`/${name}`)).refusal?.code, 'unknown-command');
  });

  test('who may not run it is told which rule and who can change it, before any argument is looked at', async (t) => {
    const { reply, refusal } = await (await botFor(t)).ask('/announce', { role: 'member' });
    assert.match(
      reply.text,
      /^\/announce asks for admin\. You are a member\. An admin or owner can change that, or your role\.$/,
    );
    assert.deepEqual([refusal?.status, refusal?.code], [403, 'not-allowed']);
    assert.match(refusal?.rule ?? '', /^\/announce: admin and up/);
  });

  test('a wrong argument is answered with what is wrong, the right form and an example', async (t) => {
    const { reply, refusal } = await (await botFor(t)).ask('/lend ladder many');
    assert.match(
      reply.text,
      /^“many” is not a whole number\. The form is \/lend item \[days\], for example \/lend ladder 3$/,
    );
    assert.deepEqual([reply.private, refusal?.status, refusal?.code], [true, 400, 'bad-argument']);
  });

  test('a typo costs nothing: only what runs is counted', async (t) => {
    const bot = await botFor(t);
    for (let n = 0; n < 5; n++) {
      await bot.ask('/lend');
      await bot.ask('/lend ladder many');
    }
    assert.equal((await bot.ask('/lend ladder')).reply.text, 'Lent ladder for 1');
    assert.equal((await bot.ask('/lend ladder')).refusal, undefined);
    const { refusal, reply } = await bot.ask('/lend ladder');
    assert.deepEqual([refusal?.status, refusal?.retryAfter], [429, 60]);
    assert.equal(
      reply.text,
      '/lend is limited to 2 uses in 60 seconds here. Try again in 60 seconds. An admin or owner can change it.',
    );
    assert.equal(refusal?.rule, '/lend: 2 uses in 60 seconds; an admin or owner can change it');
    assert.equal(
      (await bot.ask('/lend ladder many')).refusal?.code,
      'too-fast',
      'the limit comes before the arguments',
    );
    assert.equal((await bot.ask('/lend ladder', { who: 'bob' })).refusal, undefined, 'it is each person’s own');
    assert.equal(ran.length, 3);
  });

  test('the limit over all commands counts too', async (t) => {
    const bot = await botFor(t, { all: { uses: 1, perSeconds: 10 } });
    assert.equal((await bot.ask('/lend ladder', { role: 'owner' })).refusal, undefined);
    const { reply, refusal } = await bot.ask('/announce hello', { role: 'owner' });
    assert.deepEqual([refusal?.retryAfter, reply.text], [10, 'That was too fast. Try again in 10 seconds.']);
    assert.equal(refusal?.rule, 'COMMAND_LIMIT: 1 use in 10 seconds; the operator can change it');
  });

  test('a community may switch a command off or ask for another role', async (t) => {
    const bot = await botFor(t, { setting: { on: false } });
    const off = (await bot.ask('/lend ladder', { role: 'owner' })).refusal;
    assert.deepEqual([off?.code, off?.rule], ['command-off', '/lend is off; an admin or owner can change it']);
    bot.set({ on: true, allow: 'guest' });
    assert.equal((await bot.ask('/lend ladder', { role: 'guest' })).refusal, undefined);
    bot.set({ on: true, allow: 'admin' });
    assert.equal((await bot.ask('/lend ladder', { role: 'moderator' })).refusal?.code, 'not-allowed');
  });

  test('a command gets what its community chose of its feature, and what is declared where it chose nothing', async (t) => {
    const said = async (chosen: Record<string, Chosen>) =>
      (await (await botFor(t, { chosen })).ask('/greet')).reply.text;
    assert.equal(await said({}), 'Hello');
    assert.equal(await said({ door: { values: { words: 'Come in' }, version: 1 } }), 'Come in');
    assert.equal(await said({ door: { values: { words: 7 }, version: 1 } }), 'Hello');
    assert.equal(await said({ other: { values: { words: 'Come in' }, version: 1 } }), 'Hello');
  });

  test('what a command refuses itself is told in its own words', async (t) => {
    const { reply, refusal } = await (await botFor(t)).ask('/lend nothing');
    assert.deepEqual([reply.text, reply.private, refusal?.status], ['There is none.', true, 409]);
  });

  test('a command that breaks by its own fault is answered too, and the operator is told', async (t) => {
    const bot = await botFor(t);
    const { reply, refusal } = await bot.ask('/lend broken');
    assert.deepEqual([reply.private, refusal?.status, refusal?.code], [true, 500, 'our-mistake']);
    assert.doesNotMatch(reply.text, /a mistake of ours/);
    assert.deepEqual(bot.failures, ['lend: a mistake of ours']);
  });

  test('over HTTP the arguments are already apart, and the words are as one would type them', async (t) => {
    const bot = await botFor(t);
    const sent = await bot.ask({ name: 'lend', args: { item: 'ladder', days: 2 } });
    assert.deepEqual([sent.reply.text, sent.cause.text], ['Lent ladder for 2', '/lend ladder 2']);
    assert.equal(
      (await bot.ask({ name: 'lend', args: { item: 'ladder', colour: 'red' } })).refusal?.code,
      'bad-argument',
    );
  });
});

describe('a command that takes a secret', () => {
  const given = async (t: TestContext) => {
    const bot = await botFor(t);
    (bot.spine.commands as Map<string, AnyCommand>).set('keep-key', keepKey());
    return bot;
  };

  test('refuses one that nobody sealed, and says and keeps nothing of it', async (t) => {
    const bot = await given(t);
    for (const ask of [`/keep-key mine ${KEY}`, { name: 'keep-key', args: { name: 'mine', key: KEY } }]) {
      const told = await bot.ask(ask);
      assert.match(told.reply.text, /What was given for key was not sealed where it came in/);
      assert.deepEqual([told.refusal?.code, told.cause.text], ['bad-argument', '/keep-key •••']);
      assert.deepEqual(formsIn(CANARY, JSON.stringify([told, await bot.audit()])), []);
    }
  });

  test('is shown without it, whether it ran or not', async (t) => {
    const bot = await given(t);
    const ran = await bot.ask({ name: 'keep-key', args: { name: 'mine', key: 'gs1.a.b.c' } });
    assert.deepEqual([ran.reply.text, ran.cause.text], ['Kept mine.', '/keep-key •••']);
    const not = await bot.ask(`/keep-key ${KEY} mine`, { role: 'guest' });
    assert.deepEqual([not.refusal?.code, not.cause.text], ['not-allowed', '/keep-key •••']);
  });

  test('is told by help as any other', async (t) => {
    const { reply } = await (await given(t)).ask('/help keep-key');
    assert.match(reply.text, /\/keep-key name key: Keeps a key of yours/);
  });
});

describe('what follows from an answer', () => {
  test('a repeat is answered once, even while the first is under way', async (t) => {
    const bot = await botFor(t);
    const message = bot.message('/lend ladder');
    await bot.receive(message);
    await Promise.all([answerMessage(bot.spine, message), answerMessage(bot.spine, message)]);
    await answerMessage(bot.spine, message);
    assert.equal((await bot.sent(message.id)).length, 1);
    assert.equal((await bot.audit()).length, 1);
  });

  test('the same platform id twice is one request', async (t) => {
    const bot = await botFor(t);
    const [first, second] = [bot.message('/lend ladder'), bot.message('/lend ladder')];
    assert.equal(await receiver(bot.storage)(first, 'evt 1'), first.id);
    assert.equal(await receiver(bot.storage)(second, 'evt 1'), first.id);
    assert.equal((await bot.outbox('incoming')).length, 1);
    assert.equal(await findAnswer(bot.storage.db, second.id), undefined);
  });

  test('work for later: the meanwhile to the asker, then the job, both with the commit that remembers it', async (t) => {
    const bot = await botFor(t);
    const { id, n, final, reply, cause } = await bot.ask('/lend later');
    assert.deepEqual([n, final, reply], [0, false, { text: 'Looking…', private: true }]);
    assert.deepEqual(cause, { account: 'acct_ann', name: 'ann', text: '/lend later' });
    assert.deepEqual(await bot.outbox('jobs'), [{ id }]);
    const made = await findJob(bot.storage.db, id);
    assert.deepEqual([made?.name, made?.payload, made?.state], ['test.slow', { what: 'x' }, 'waiting']);
    assert.equal((await findAnswer(bot.storage.db, id))?.state, 'waiting');
  });

  test('a job that was made before is not made again by a repeat', async (t) => {
    const bot = await botFor(t);
    const message = bot.message('/lend later');
    await bot.receive(message);
    for (let n = 0; n < 2; n++) await answerMessage(bot.spine, message);
    assert.deepEqual([(await bot.outbox('jobs')).length, (await bot.sent(message.id)).length], [1, 1]);
  });

  test('each run leaves one line in the audit, without the words', async (t) => {
    const bot = await botFor(t);
    await bot.ask('/lend ladder');
    await bot.ask('/lend my secret diary');
    await bot.ask(`/${'x'.repeat(500)} secret`);
    const entries = await bot.audit();
    assert.deepEqual(entries.map((entry) => `${entry.action} ${entry.account_id} ${entry.result}`).toSorted(), [
      'command.lend acct_ann bad-argument',
      'command.lend acct_ann done',
      'command.unknown acct_ann unknown-command',
    ]);
    for (const { detail } of entries) assert.match(detail ?? '', /^\{"from":"webchat","ms":\d+\}$/);
    assert.doesNotMatch(JSON.stringify(entries), /secret|ladder/);
  });

  test('says of a run from elsewhere who it was there, whose account here, and where', async (t) => {
    const bot = await botFor(t);
    const message = bot.message('/lend ladder', { platform: 'discord', room: '77' });
    message.from.account = 'discord:5';
    await bot.receive(message);
    await answerMessage(bot.spine, message);
    const room = newId('room');
    await bot.answer('/lend ladder', { room });
    const told = (await bot.audit()).map((row) => [row.account_id, row.platform, row.platform_id, row.place].join(' '));
    assert.deepEqual(new Set(told), new Set(['acct_ann discord 5 discord:77', `acct_ann   ${room}`]));
  });
});

describe('/help', () => {
  test('lists what the asker may use, and no more', async (t) => {
    const bot = await botFor(t);
    const { reply } = await bot.ask('/help');
    assert.match(reply.text, /\/lend item \[days\]: Lends a thing/);
    assert.doesNotMatch(reply.text, /announce/);
    assert.match(reply.text, /such as \/help lend$/);
    assert.match((await bot.ask('/help', { role: 'admin' })).reply.text, /such as \/help announce$/);
    assert.equal(reply.private, true);
  });

  test('tells one command’s form, with or without its slash', async (t) => {
    const bot = await botFor(t);
    for (const line of ['/help lend', '/help /lend', '/help=LEND']) {
      const { text: words } = (await bot.ask(line)).reply;
      assert.match(words, /item: a thing\ndays: days\nFor example \/lend ladder 3\nAt most 2 uses in 60 seconds\./);
    }
  });

  test('a command that the community switched off is not listed, and its own cooldown is told', async (t) => {
    const bot = await botFor(t, { setting: { on: false } });
    assert.doesNotMatch((await bot.ask('/help')).reply.text, /lend/);
    bot.set({ on: true, cooldownSeconds: 120 });
    assert.match((await bot.ask('/help lend')).reply.text, /After a use it rests for 2 minutes\./);
  });

  test('all is written as it is typed there: with a symbol and in one line on Twitch, with the bot’s name on Slack', async (t) => {
    const bot = await botFor(t);
    const brief = await bot.ask('/help', { style: { sign: '!', brief: true } });
    assert.equal(brief.reply.text, '!help [command] · !lend item [days] (!help and a name tells more)');
    const named = await bot.ask('/help lend', { style: { sign: '@Guildhall ' } });
    assert.match(named.reply.text, /^@Guildhall lend item \[days\]: .*For example @Guildhall lend ladder 3/s);
    const wrong = await bot.ask('/lend ladder soon', { style: { sign: '!' } });
    assert.match(wrong.reply.text, /The form is !lend item \[days\], for example !lend ladder 3/);
    const none = await bot.ask('/nothing', { style: { sign: '/guildhall ' } });
    assert.equal(none.reply.text, 'There is no command /guildhall nothing. /guildhall help lists what there is.');
  });

  test('completes the names of commands, but not of those for few people', async (t) => {
    const { spine } = await botFor(t);
    const suggest = spine.commands.get('help')?.args['command']?.suggest;
    assert.deepEqual([suggest?.('').toSorted(), suggest?.('ann')], [['help', 'lend'], []]);
  });

  test('a command that one may not use is unknown to help', async (t) => {
    const { reply } = await (await botFor(t)).ask('/help announce');
    assert.match(reply.text, /There is no command \/announce that you may use/);
  });
});

describe('the answers of a room', () => {
  test('have the order of the questions, whichever of them is decided first', async (t) => {
    const bot = await botFor(t);
    const lines = ['/help', '/nothing1', '/help help', '/nothing2', '/help lend', '/lend ladder', '/nothing3'];
    const asked = lines.map((line) => bot.message(line));
    await Promise.all(asked.map(bot.receive));
    await Promise.all(asked.map((message) => answerMessage(bot.spine, message)));
    const said = (await bot.outbox('outgoing.webchat')) as OutgoingMessage[];
    assert.deepEqual(
      said.map(({ cause }) => cause.text),
      lines,
    );
  });

  test('do not wait for those of another room, and one that breaks holds up nobody', async (t) => {
    const bot = await botFor(t);
    const gate = Promise.withResolvers<undefined>();
    bot.spine.settings = async (_community, name) => (name === 'help' ? gate.promise : undefined);
    const [slow, behind] = [bot.message('/help'), bot.message('/lend ladder')];
    const other = bot.message('/lend ladder', { room: 'room_2', who: 'bob' });
    await Promise.all([slow, behind, other].map(bot.receive));
    const broken = assert.rejects(answerMessage(bot.spine, slow), /no database/);
    const waits = answerMessage(bot.spine, behind);
    await answerMessage(bot.spine, other);
    assert.deepEqual([(await bot.sent(other.id)).length, (await bot.sent(behind.id)).length], [1, 0]);
    gate.reject(new Error('no database'));
    await Promise.all([broken, waits]);
    assert.equal((await bot.sent(behind.id)).length, 1);
  });

  test('stay in order where one between two others breaks', async (t) => {
    const bot = await botFor(t);
    const gate = Promise.withResolvers<undefined>();
    bot.spine.settings = async (_community, name) => {
      if (name === 'announce') throw new Error('no database');
      return name === 'help' ? gate.promise : undefined;
    };
    const asked = ['/help', '/announce x', '/lend ladder'].map((line) => bot.message(line));
    await Promise.all(asked.map(bot.receive));
    const [first, broken, later] = asked.map((message) => answerMessage(bot.spine, message));
    await assert.rejects(broken as Promise<void>, /no database/);
    const other = bot.message('/lend ladder', { room: 'room_2', who: 'bob' });
    await bot.receive(other);
    await answerMessage(bot.spine, other);
    gate.resolve(undefined);
    await Promise.all([first, later]);
    const said = (await bot.outbox('outgoing.webchat')) as OutgoingMessage[];
    assert.deepEqual(
      said.map(({ cause }) => `${cause.name} ${cause.text}`),
      ['bob /lend ladder', 'ann /help', 'ann /lend ladder'],
    );
  });
});

describe('the answers of a room while the database is away for a moment', () => {
  test('are all handed back from the first that could not be kept, so that they come again in their order', async (t) => {
    const bot = await botFor(t);
    const away = notReady('not-ready', 'The database is away.');
    const gate = Promise.withResolvers<undefined>();
    bot.spine.settings = async (_community, name) => (name === 'help' ? gate.promise : undefined);
    const [first, behind] = [bot.message('/help'), bot.message('/lend ladder')];
    const other = bot.message('/lend ladder', { room: 'room_2', who: 'bob' });
    await Promise.all([first, behind, other].map(bot.receive));
    const both = [first, behind].map((message) => assert.rejects(answerMessage(bot.spine, message), away));
    gate.reject(away);
    await Promise.all(both);
    assert.equal((await bot.sent(behind.id)).length, 0);
    await answerMessage(bot.spine, other);
    bot.spine.settings = async () => undefined;
    for (const message of [first, behind]) await answerMessage(bot.spine, message);
    const said = (await bot.outbox('outgoing.webchat')) as OutgoingMessage[];
    assert.deepEqual(
      said.map(({ cause }) => `${cause.name} ${cause.text}`),
      ['bob /lend ladder', 'ann /help', 'ann /lend ladder'],
    );
  });
});

describe('who asks again and again on a platform', () => {
  const all = { uses: 10, perSeconds: 60 };
  const there = { platform: 'twitch', role: 'member' } as const;

  test('gets no more answers than uses, and one that says why', async (t) => {
    const bot = await botFor(t, { all });
    for (let n = 0; n < 100; n++) await bot.answer(`/help ${n}`, there);
    const said = (await bot.outbox('outgoing.twitch')) as OutgoingMessage[];
    assert.equal(said.length, 11);
    assert.match(said[10]?.reply.text ?? '', /too fast/);
    const told = (await bot.audit()).filter(({ result }) => result === 'too-fast');
    assert.equal(told.length, 30, 'a flood does not fill the audit');
    const more = told.map(({ detail }) => (JSON.parse(detail ?? '{}') as { more?: boolean }).more === true);
    assert.equal(more.filter(Boolean).length, 1, 'the last one says that there were more');
    const last = await bot.answer('/help', there);
    assert.deepEqual([last?.state, last?.refusal?.code], ['done', 'too-fast']);
  });

  test('is told to wait once for each rule in each room, and again when the wait is over', async (t) => {
    const bot = await botFor(t, { all: { uses: 1_000, perSeconds: 60 } });
    const count = async (): Promise<number> => (await bot.outbox('outgoing.twitch')).length;
    const twice = async (line: string, more: Asked = {}): Promise<number> => {
      const before = await count();
      for (const _time of [1, 2]) await bot.answer(line, { ...there, ...more });
      return (await count()) - before;
    };
    assert.equal(await twice('/lend ladder'), 2);
    assert.equal(await twice('/lend ladder'), 1);
    assert.equal(await twice('/lend ladder', { room: 'room_2' }), 1);
    assert.equal(await twice('/announce x'), 2, 'what time does not mend is told each time');
    bot.time.now += 59_999;
    assert.equal(await twice('/lend ladder'), 0);
    bot.time.now += 1;
    assert.deepEqual([await twice('/lend ladder'), await twice('/lend ladder')], [2, 1]);
  });

  test('is told of mistakes as often as commands may be used, and no more', async (t) => {
    const bot = await botFor(t, { all });
    for (let n = 0; n < 50; n++) await bot.answer(n % 2 === 0 ? `/nothing${n}` : '/lend', there);
    assert.equal((await bot.outbox('outgoing.twitch')).length, 10);
    await bot.answer('/lend', { ...there, who: 'bob' });
    assert.equal((await bot.outbox('outgoing.twitch')).length, 11);
  });

  test('is told every time where the platform wants each answered', async (t) => {
    const bot = await botFor(t, { all });
    for (let n = 0; n < 50; n++) await bot.answer('/help', { ...there, mustAnswer: true });
    for (let n = 0; n < 50; n++) await bot.answer('/nothing', { ...there, mustAnswer: true });
    assert.equal((await bot.outbox('outgoing.twitch')).length, 100);
  });

  test('is told at the next try where the answer could not be kept', async (t) => {
    const bot = await botFor(t);
    const message = bot.message('/announce x', there);
    await bot.receive(message);
    const { keep } = bot.spine;
    bot.spine.keep = async (_message, deciding) => deciding.then(() => Promise.reject(new Error('the disk is full')));
    await assert.rejects(answerMessage(bot.spine, message), /full/);
    bot.spine.keep = keep;
    await answerMessage(bot.spine, message);
    assert.equal((await bot.outbox('outgoing.twitch')).length, 1);
  });
});

interface Asked {
  role?: Role;
  platform?: string;
  room?: string;
  mustAnswer?: boolean;
  who?: string;
  style?: Style;
}

async function botFor(
  t: TestContext,
  more: { all?: typeof limit; setting?: CommandSetting; chosen?: Record<string, Chosen> } = {},
) {
  const storage = await freshStorage(t);
  let setting = more.setting;
  const commands = new Map<string, AnyCommand>();
  const settings = async () => new Map(setting ? [['lend', setting]] : []);
  for (const one of [
    lend,
    announce,
    ...(more.chosen ? [greet] : []),
    helpCommand({ commands: () => commands.values(), settings }),
  ])
    commands.set(one.name, one);
  const time = { now: 1_000 };
  const clock = () => time.now;
  const parts = { rates: memoryRates(clock), clock, find: async () => undefined };
  const within = withinLimit(more.all ?? { uses: 1_000, perSeconds: 60 }, parts);
  const failures: string[] = [];
  const onFailure = (name: string, error: unknown) => void failures.push(`${name}: ${(error as Error).message}`);
  const spine: Spine = {
    commands,
    settings: async (_community, name) => (name === 'help' ? undefined : setting),
    chosen: async (_community, feature) => more.chosen?.[feature] ?? { values: {}, version: 0 },
    barred: async () => undefined,
    within,
    keep: answerKeeper(storage, clock),
    onFailure,
  };
  const receive = (message: IncomingMessage) => receiver(storage)(message, message.id);
  const sent = async (id: string) =>
    ((await outboxOf(storage, 'outgoing.webchat')) as OutgoingMessage[]).filter((one) => one.id === id);
  const answer = async (...asked: Parameters<typeof messageOf>) => {
    const message = messageOf(...asked);
    await receive(message);
    await answerMessage(spine, message);
    return findAnswer(storage.db, message.id);
  };
  return {
    spine,
    time,
    answer,
    failures,
    storage,
    set: (next: CommandSetting) => void (setting = next),
    message: messageOf,
    receive,
    sent,
    async ask(...asked: Parameters<typeof messageOf>): Promise<OutgoingMessage> {
      const message = messageOf(...asked);
      await receive(message);
      await answerMessage(spine, message);
      const [first] = await sent(message.id);
      assert.ok(first);
      return first;
    },
    outbox: (channel: string) => outboxOf(storage, channel),
    audit: () => storage.db.selectFrom('audit').selectAll().orderBy('id').execute(),
  };
}

function messageOf(ask: string | { name: string; args: Record<string, unknown> }, asked: Asked = {}): IncomingMessage {
  const name = asked.who ?? 'ann';
  const account = `acct_${name}`;
  const who = { account, name, username: name, role: asked.role ?? 'member' };
  const { style, platform = 'webchat', room = 'room_1', mustAnswer = platform === 'webchat' } = asked;
  const from = { platform, room, account };
  const words = typeof ask === 'string' ? { text: ask } : ask;
  return { id: newId('job'), from, community: 'comm_1', who, ask: words, mustAnswer, at: 1, ...(style && { style }) };
}

async function outboxOf(storage: Storage, channel: string): Promise<unknown[]> {
  const rows = await storage.db.selectFrom('outbox').selectAll().where('channel', '=', channel).orderBy('n').execute();
  return rows.map(({ body }) => JSON.parse(body) as unknown);
}
