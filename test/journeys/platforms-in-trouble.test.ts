import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { SHAPES } from '#test/support/deployment.ts';
import { call } from '#test/support/person.ts';
import {
  type Ask,
  askAtOnce,
  backlogOnTwitch,
  chatDelay,
  Grounds,
  isGuildhall,
  type LogLine,
  type PlatformName,
  type Storm,
  storm,
  tally,
  until,
  WAYS,
} from '#test/support/platform-faults.ts';
import { seed } from '#test/support/seed.ts';
import type { Simulator } from '#test/simulators/shared/simulator.ts';

const NAMES: PlatformName[] = ['discord', 'slack', 'twitch'];
const ROOMS = Array.from({ length: 16 }, (_, n) => `room-${n}`);

const IN_SQUARE = { room: 'square', person: 'mia' };
const DIRECT = { room: 'dm:mia', person: 'mia' };

/** A call that fails at Slack may have been carried out, and nothing tells of a private line that it is there: so none does here. */
const STORMS: Record<PlatformName, Storm> = {
  discord: { ...stormIn(ROOMS), cuts: 3, limited: 4, broken: 0.02 },
  slack: { ...stormIn(ROOMS), cuts: 2, limited: 3 },
  twitch: { ...stormIn(['square', 'trading-floor']), cuts: 3, limited: 1 },
};

function stormIn(rooms: string[]): Storm {
  return { seed, count: 60, rooms, every: 100, cuts: 0, limited: 0, twice: 0.2, broken: 0, patience: 60_000 };
}

describe('platforms in trouble', { concurrency: 2 }, () => {
  test('all three fall silent: each is named with the reason, and replaced; the web chat notices nothing', async (t) => {
    t.diagnostic(JSON.stringify(await fallSilent()));
  });

  for (const shape of SHAPES)
    describe(`beside each other, ${shape}`, { concurrency: 1 }, () => {
      let grounds: Grounds;
      let usual: number;
      const on = (): Grounds['on'] => grounds.on;
      before(async () => {
        const slack = { rooms: ROOMS, retryAfterMs: [0, 1_000, 2_000, 4_000, 8_000] };
        grounds = await Grounds.open({ discord: { rooms: ROOMS }, slack, twitch: {} }, shape);
        usual = await chatDelay(grounds);
      });
      after(() => grounds?.close());

      describe('60 questions while each disconnects, delivers twice and answers 429', { concurrency: 3 }, () => {
        for (const name of NAMES)
          test(`${name}: everybody has one answer, where it belongs and in order`, async (t) => {
            t.diagnostic(JSON.stringify({ seed, ...(await storm(grounds, name, STORMS[name])) }));
          });
      });

      test('one takes 5 s for every answer: the web chat and the others are as quick as ever', async (t) => {
        const discord = await hang(grounds, 'discord', { from: 100, usual });
        const slack = await hang(grounds, 'slack', { from: 200, usual });
        t.diagnostic(JSON.stringify({ discord: discord.report, slack: slack.report }));
        await Promise.all([discord.done(), slack.done()]);
      });

      describe('what one question meets', { concurrency: 3 }, () => {
        for (const name of NAMES)
          describe(name, { concurrency: 1 }, () => {
            for (const { what, ...trouble } of troubles(on)[name]) test(what, () => assertTold(grounds, name, trouble));
          });
      });

      describe('a token that is taken back is named, with where a new one comes from', { concurrency: 3 }, () => {
        for (const name of NAMES) test(name, () => assertRefused(grounds, name, refusals(on)[name]));
      });

      test('with good tokens and a new start what waited is answered', async () => {
        await startWithGoodTokens(grounds);
        for (const name of ['discord', 'slack'] as const)
          await until(`the answer on ${name}`, () => answersTo(on()[name], WAITING).length === 1 || undefined);
      });
    });

  // In separate processes what waits is at the broker, and the pace is the connector's: src/connectors/twitch has tests of it.
  test('500 answers wait for Twitch: the web chat is as quick as ever, and a stop and a new start lose none', async (t) => {
    const report = await backlogOnTwitch({});
    t.diagnostic(JSON.stringify(report));
    assertAsQuick(report.chat[1], report.chat[0]);
  });
});

interface Hung {
  /** How long the web chat and the other platforms took meanwhile, in ms. */
  report: Record<string, number>;
  /** Resolves when those who asked on the one that hung have their answers. */
  done(): Promise<unknown>;
}

interface Hanging {
  /** The number of the first question. */
  from: number;
  /** What the web chat takes where nothing hangs, in ms. */
  usual: number;
}

async function hang(grounds: Grounds, name: PlatformName, { from, usual }: Hanging): Promise<Hung> {
  const hung = grounds.on[name];
  hung.faults.slow(5_000);
  const held = await askAtOnce(hung, { from, count: 30, rooms: ROOMS, ways: WAYS[name].slice(0, 1) });
  const others = await askOthers(grounds, name, from + 50);
  assert.ok(tally(hung, held).missing.length > 0, `${name} did not hang while the others answered`);
  const chat = await chatDelay(grounds);
  assertAsQuick(chat, usual);
  hung.faults.slow(0);
  return { report: { chat, ...others }, done: () => until(`answers on ${name}`, () => allAnswered(hung, held)) };
}

/** Of one run: how quick a machine is, and what else it does, is not asked. */
function assertAsQuick(chat: number, usual: number): void {
  assert.ok(chat < Math.max(250, 4 * usual), `the web chat took ${chat} ms, and ${usual} ms when all was well`);
}

const allAnswered = (simulator: Simulator, asks: Ask[]): true | undefined =>
  tally(simulator, asks).missing.length === 0 || undefined;

/** Three questions on each of the others, all to be answered. Gives how long it took on each, in ms. */
async function askOthers(grounds: Grounds, but: PlatformName, from: number): Promise<Record<string, number>> {
  const others = grounds.simulators.filter(({ platform }) => platform !== but);
  const took = others.map(async (one) => {
    const began = performance.now();
    const asks = await askAtOnce(one, { from, count: 3, rooms: ['square'] });
    await until(`answers on ${one.platform}`, () => allAnswered(one, asks), { every: 20 });
    return [one.platform, Math.round(performance.now() - began)];
  });
  return Object.fromEntries(await Promise.all(took));
}

/** So long after its last sign of life a platform is given up, at most. In ms. */
const NOTICED_WITHIN = { discord: 4_000, slack: 15_000, twitch: 18_000 };

/** Gives for each platform the ms until its silence was noticed, and until it was there again. */
async function fallSilent(): Promise<object> {
  const grounds = await Grounds.open({ discord: { heartbeatMs: 1_000 }, slack: {}, twitch: {} }, 'in one process');
  try {
    const usual = await chatDelay(grounds);
    const quick = comeBack(grounds, 'discord').then(async (times) => {
      const asked = await askAtOnce(grounds.on.discord, { count: 3, rooms: ['square'] });
      await until('answers on Discord', () => allAnswered(grounds.on.discord, asked));
      const chat = await chatDelay(grounds);
      assertAsQuick(chat, usual);
      return { ...times, chat };
    });
    // Twitch itself is heard about once a minute. An answer that it does not acknowledge is noticed sooner.
    let asking: Promise<Ask[]> | undefined;
    const ask = (): void => void (asking = askAtOnce(grounds.on.twitch, { count: 3, rooms: ['square'] }));
    const slow = [comeBack(grounds, 'slack'), comeBack(grounds, 'twitch', ask)] as const;
    const [discord, slack, twitch] = await Promise.all([quick, ...slow]);
    const asks = (await asking) ?? [];
    await until('answers on Twitch', () => allAnswered(grounds.on.twitch, asks));
    assert.deepEqual([asks.length, tally(grounds.on.twitch, asks).doubled], [3, []]);
    await askOthers(grounds, 'discord', 100);
    for (const { violations } of grounds.simulators) assert.deepEqual(violations, []);
    return { discord, slack, twitch };
  } finally {
    await grounds.close();
  }
}

/** `ask`: what people say in the moment before. */
async function comeBack(
  grounds: Grounds,
  name: PlatformName,
  ask?: () => void,
): Promise<{ noticed: number; back: number }> {
  const { faults } = grounds.on[name];
  const up = (): Promise<number> => grounds.figure('guildhall_platform_up', name);
  assert.equal(await up(), 1);
  ask?.();
  faults.silent(true);
  const began = performance.now();
  const why = await until(
    `${name} to be named`,
    async () => {
      const [named, figure] = await Promise.all([grounds.notReady(), up()]);
      return figure === 0 ? named.find((one) => one.name === name)?.why : undefined;
    },
    { every: 50 },
  );
  const noticed = Math.round(performance.now() - began);
  faults.silent(false);
  assert.match(why, /^[A-Z].*\.$/);
  assert.ok(noticed < NOTICED_WITHIN[name], `${name}: noticed after ${noticed} ms`);
  await until(`${name} to be back`, async () => (await up()) === 1 || undefined);
  return { noticed, back: Math.round(performance.now() - began) };
}

type On = Grounds['on'];

interface Trouble {
  /** Breaks something and asks. */
  act(): Promise<unknown>;
  /** Where the asker reads the sentence; without it, it is for whoever looks after the hall. */
  place?: { room: string; person: string };
  sentence: RegExp;
  /** In the log, in the platform's own words. Nothing where the mistake is the asker's. */
  code?: RegExp;
  mend?(): unknown;
}

/** What goes wrong for good with one question. */
function troubles(on: () => On): Record<PlatformName, (Trouble & { what: string })[]> {
  return { discord: onDiscord(on), slack: onSlack(on), twitch: onTwitch(on) };
}

function onDiscord(on: () => On): (Trouble & { what: string })[] {
  return [
    {
      what: 'an option of the wrong form is told to the asker, with the right form',
      act: () => on().discord.slash('mia', 'square', 'stock', { symbol: 'no such form' }),
      place: IN_SQUARE,
      sentence: /The form is \/stock /,
    },
    {
      what: 'the bot may not write any more: the asker is told who can let it',
      async act() {
        on().discord.takePermission('square', 'SEND_MESSAGES');
        await on().discord.say('mia', 'square', '@Guildhall stock none');
      },
      place: DIRECT,
      sentence: /An admin can let me/,
      code: /^50013$/,
      mend: () => on().discord.givePermission('square', 'SEND_MESSAGES'),
    },
    {
      what: 'the channel is deleted before the answer: the asker is told',
      async act() {
        await on().discord.say('mia', 'room-9', '@Guildhall stock none');
        on().discord.deleteRoom('room-9');
      },
      place: DIRECT,
      sentence: /the channel is not there any more/,
      code: /^10003$/,
    },
  ];
}

function onSlack(on: () => On): (Trouble & { what: string })[] {
  return [
    {
      what: 'an argument of the wrong form is told to the asker, with the right form',
      act: () => on().slack.say('mia', 'square', '@Guildhall stock no such form'),
      place: IN_SQUARE,
      sentence: /The form is @Guildhall stock /,
    },
    {
      what: 'the app loses a right: the asker is told which',
      async act() {
        on().slack.setScopes(SLACK_SCOPES.filter((scope) => scope !== 'chat:write'));
        await on().slack.slash('mia', 'square', '/guildhall', 'stock none');
      },
      place: IN_SQUARE,
      sentence: /lacks the right “chat:write”.*docs\/slack\.md/,
      code: /^missing_scope$/,
      mend: () => on().slack.setScopes(SLACK_SCOPES),
    },
    {
      what: 'the bot is removed from the channel before the answer: the asker is told how to bring it back',
      async act() {
        await on().slack.say('mia', 'square', '@Guildhall stock none');
        on().slack.removeBot('square');
      },
      place: DIRECT,
      sentence: /Type \/invite @Guildhall/,
      code: /^not_in_channel$/,
      mend: () => on().slack.inviteBot('square'),
    },
    {
      what: 'the channel is deleted before the answer: the asker is told',
      async act() {
        await on().slack.say('mia', 'room-9', '@Guildhall stock none');
        on().slack.deleteRoom('room-9');
      },
      place: DIRECT,
      sentence: /I have an answer, but I am not in that channel/,
      code: /^channel_not_found$/,
    },
  ];
}

function onTwitch(on: () => On): (Trouble & { what: string })[] {
  return [
    {
      what: 'an argument of the wrong form is told to the asker, with the right form',
      act: () => on().twitch.say('mia', 'square', '!stock no such form'),
      place: IN_SQUARE,
      sentence: /The form is !stock /,
    },
    {
      what: 'the bot is banned before the answer: nobody there can be told, so the operator is',
      async act() {
        await on().twitch.say('mia', 'square', '!stock none');
        on().twitch.banBot('square');
      },
      sentence: /Not in .*#square \(/,
      code: /msg_banned|removed/,
      mend: () => on().twitch.pardonBot('square'),
    },
    {
      what: 'the channel is closed before the answer: nobody there can be told, so the operator is',
      async act() {
        await on().twitch.say('mia', 'trading-floor', '!stock none');
        on().twitch.suspend('trading-floor', true);
      },
      sentence: /Not in .*#trading_floor \(msg_channel_suspended\)/,
      code: /^msg_channel_suspended$/,
      mend: () => on().twitch.suspend('trading-floor', false),
    },
  ];
}

const SLACK_SCOPES = ['app_mentions:read', 'channels:history', 'channels:read', 'chat:write', 'commands'].concat([
  'files:write',
  'im:history',
  'im:read',
  'im:write',
  'reactions:write',
  'team:read',
  'users:read',
]);

async function assertTold(grounds: Grounds, name: PlatformName, trouble: Trouble): Promise<void> {
  const simulator = grounds.on[name];
  const { place, sentence, code } = trouble;
  const read = (): string[] => (place ? readIn(simulator, place) : grounds.hall.output.split('\n'));
  const known = read().length;
  const before = { log: grounds.log.length, calls: simulator.calls.length, pid: grounds.home(name).pid };
  try {
    await trouble.act();
    await until('the sentence', () => read().find((line, index) => index >= known && sentence.test(line)));
    if (code) await until(`${code} in the log`, () => warnings(grounds, name, before).find((one) => isCode(one, code)));
    else assert.deepEqual(warnings(grounds, name, before), []);
    await assertAtRest(grounds, name, before);
  } finally {
    trouble.mend?.();
  }
}

const isCode = ({ code }: LogLine, wanted: RegExp): boolean => wanted.test(String(code));

/** What the log says of this platform since then, from warnings on. */
function warnings({ log }: Grounds, name: PlatformName, before: Before): LogLine[] {
  const since = log.slice(before.log).filter(({ level }) => level >= WARN);
  return since.filter(({ platform, msg }) => platform === name || msg.startsWith(`${name}:`));
}

/** Of pino. */
const WARN = 40;

const readIn = (simulator: Simulator, { room, person }: { room: string; person: string }): string[] =>
  simulator.seen(room, person).flatMap((seen) => (isGuildhall(seen) ? [seen.text] : []));

/** The process is the same and well, nothing waits, and nothing is tried over and over. */
async function assertAtRest(grounds: Grounds, name: PlatformName, before: Before, few = FEW): Promise<void> {
  await pause(700);
  const made = grounds.on[name].calls.slice(before.calls);
  assert.ok(
    made.length <= few,
    `${made.length} calls: ${made.map(({ method, path }) => `${method} ${path}`).join(', ')}`,
  );
  assert.equal((await call(grounds.home(name), { method: 'GET', path: '/health/live' })).status, 200);
  assert.equal(grounds.home(name).pid, before.pid);
}

/** Calls that one question may take, the look at who asks included. */
const FEW = 8;

/** How far things were when the test began. */
interface Before {
  log: number;
  calls: number;
  pid: number;
}

interface Refusal {
  /** The platform takes the bot's token no more, and somebody asks. */
  act(): Promise<unknown>;
  why: RegExp;
  /** In the log, in the platform's own words. */
  code: RegExp;
  /** Calls that it takes to find out, at most. */
  few: number;
}

/** The answers to this wait for a good token. */
const WAITING = 'waits';

function refusals(on: () => On): Record<PlatformName, Refusal> {
  return {
    discord: {
      async act() {
        on().discord.faults.answer(401, 1, { match: '/messages' });
        await on().discord.say('mia', 'square', `@Guildhall stock ${WAITING}`);
      },
      why: /DISCORD_TOKEN.*docs\/discord\.md/,
      code: /"code":0\b/,
      few: 3,
    },
    slack: {
      async act() {
        on().slack.revokeToken();
        await on().slack.say('mia', 'square', `@Guildhall stock ${WAITING}`);
      },
      why: /SLACK_BOT_TOKEN \(token_revoked\).*docs\/slack\.md/,
      code: /"code":"token_revoked"/,
      few: 3,
    },
    twitch: {
      async act() {
        on().twitch.revokeRefreshToken();
        on().twitch.expireTokens();
        on().twitch.faults.disconnect();
      },
      why: /TWITCH_BOT_REFRESH_TOKEN.*docs\/twitch\.md/,
      code: /400 Invalid refresh token/,
      few: 8,
    },
  };
}

async function assertRefused(grounds: Grounds, name: PlatformName, { act, why, code, few }: Refusal): Promise<void> {
  const before = { log: grounds.log.length, calls: grounds.on[name].calls.length, pid: grounds.home(name).pid };
  await act();
  const named = async (): Promise<string | undefined> =>
    (await grounds.notReady()).find((one) => one.name === name && why.test(one.why))?.why;
  await until('the sentence', named);
  const told = (): boolean => warnings(grounds, name, before).some((line) => code.test(JSON.stringify(line)));
  await until('the line in the log', () => told() || undefined);
  await chatDelay(grounds);
  await assertAtRest(grounds, name, before, few);
}

async function startWithGoodTokens(grounds: Grounds): Promise<void> {
  const { slack, twitch } = grounds.on;
  slack.restoreToken();
  const TWITCH_BOT_REFRESH_TOKEN = await newRefreshToken(twitch.env);
  assert.equal(await grounds.hall.stop(), 0);
  await grounds.hall.startAgain({ TWITCH_BOT_REFRESH_TOKEN });
  await grounds.connected();
}

/** The bot's account lets the application in once more: https://dev.twitch.tv/docs/authentication/getting-tokens-oauth/#authorization-code-grant-flow */
async function newRefreshToken(env: Record<string, string>): Promise<string> {
  const { TWITCH_AUTH_URL: url, TWITCH_CLIENT_ID: client_id = '', TWITCH_CLIENT_SECRET: client_secret = '' } = env;
  const redirect_uri = 'http://localhost:3000';
  const asked = new URLSearchParams({ client_id, redirect_uri, response_type: 'code', scope: 'chat:read chat:edit' });
  const agreed = await fetch(`${url}/authorize?${asked}&login=guildhall`, { redirect: 'manual' });
  const code = new URL(agreed.headers.get('location') ?? '').searchParams.get('code') ?? '';
  const body = new URLSearchParams({ client_id, client_secret, code, redirect_uri, grant_type: 'authorization_code' });
  const answer = await fetch(`${url}/token`, { method: 'POST', body });
  return ((await answer.json()) as { refresh_token: string }).refresh_token;
}

const answersTo = (simulator: Simulator, words: string): string[] =>
  readIn(simulator, { room: 'square', person: 'mia' }).filter(
    (text) => text === `No quote for ${words.toUpperCase()}.`,
  );
