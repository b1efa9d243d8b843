import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { type Discord, startDiscord } from '#test/simulators/discord/index.ts';
import type { Seen, Simulator } from '#test/simulators/shared/simulator.ts';
import { type SlackSimulator, startSlack } from '#test/simulators/slack/index.ts';
import { type StockSource, startStock } from '#test/simulators/stock/index.ts';
import { startTwitch, type Twitch } from '#test/simulators/twitch/index.ts';
import type { Child } from './child.ts';
import { Cluster } from './cluster.ts';
import type { Deployment, Settings, Shape } from './deployment.ts';
import { Hall } from './hall.ts';
import { call, owner as makeOwner, type Person } from './person.ts';

export type PlatformName = 'discord' | 'slack' | 'twitch';

/** What each stand-in is started with. */
export interface Starts {
  discord: Parameters<typeof startDiscord>[0];
  slack: Parameters<typeof startSlack>[0];
  twitch: Parameters<typeof startTwitch>[0];
}

interface StandIns {
  discord: Discord;
  slack: SlackSimulator;
  twitch: Twitch;
}

/** The real program beside stand-ins of platforms, all limits of people out of the way. */
export class Grounds<Name extends PlatformName = PlatformName> {
  readonly hall: Deployment;
  readonly owner: Person;
  readonly stock: StockSource;
  readonly on: Pick<StandIns, Name>;

  private constructor(parts: Pick<Grounds<Name>, 'hall' | 'owner' | 'stock' | 'on'>) {
    this.hall = parts.hall;
    this.owner = parts.owner;
    this.stock = parts.stock;
    this.on = parts.on;
  }

  /** Starts the stand-ins that are named and the hall, and waits until they are connected. The bot moderates on Twitch. */
  static async open<Name extends PlatformName>(starts: Pick<Starts, Name>, shape: Shape): Promise<Grounds<Name>> {
    const [stock, on] = [await startStock(), await startAll(starts)];
    const simulators = Object.values<Simulator>(on);
    const env = Object.assign({}, ...simulators.map((one) => one.env)) as Settings;
    const settings = { LOG_LEVEL: 'info', STOCK_URL: stock.url, ...GENEROUS, ...env };
    const hall = await (shape === 'in one process'
      ? Hall.prepare(settings)
      : Cluster.prepare({ settings, counts: FEW }));
    try {
      await hall.startAgain();
      const grounds = new Grounds<Name>({ hall, stock, on, owner: await makeOwner(hall) });
      await grounds.#furnish();
      await grounds.connected();
      return grounds;
    } catch (error) {
      await Promise.all([hall.remove(), stock.stop(), ...simulators.map((one) => one.stop())]);
      throw error;
    }
  }

  get simulators(): Simulator[] {
    return Object.values<Simulator>(this.on);
  }

  get #all(): Partial<StandIns> {
    return this.on;
  }

  /** Resolves when every platform is heard, its rooms joined and its commands registered. */
  async connected(): Promise<void> {
    const { discord, twitch } = this.#all;
    await until('every platform to be connected', async () => (await this.notReady()).length === 0 || undefined);
    if (twitch) await isThere(twitch);
    if (discord) await until('commands on Discord', () => discord.commands().guild.length >= 2 || undefined);
  }

  /** Platforms that a hall's /health/ready tells to be in trouble, with the reason. */
  async notReady(): Promise<{ name: string; why: string }[]> {
    const wanted = { method: 'GET', path: '/health/ready' };
    return (await call<{ notReady: { name: string; why: string }[] }>(this.hall, wanted)).body.notReady;
  }

  /** The process in which a platform's connector runs. */
  home(platform: PlatformName): Pick<Child, 'url' | 'pid'> {
    return this.hall instanceof Cluster ? this.hall.child(`${platform}-1`) : this.hall;
  }

  /** Kills that process, as a power cut would. */
  async kill(platform: PlatformName): Promise<void> {
    await (this.hall instanceof Cluster ? this.hall.child(`${platform}-1`).end('SIGKILL') : this.hall.kill());
  }

  /** A figure of /metrics. */
  async figure(name: string, platform?: PlatformName): Promise<number> {
    const { text } = await call(platform ? this.home(platform) : this.hall, { method: 'GET', path: '/metrics' });
    const label = platform === undefined ? '' : `{platform="${platform}"}`;
    const line = text.split('\n').find((one) => one.startsWith(`${name}${label} `));
    assert.ok(line, `/metrics has no ${name}${label}`);
    return Number(line.split(' ').at(-1));
  }

  /** Lines of the hall's log. */
  get log(): LogLine[] {
    return this.hall.output.split('\n').flatMap((line) => (line.startsWith('{"level"') ? [JSON.parse(line)] : []));
  }

  /** What was asked on a platform: when the hall took it in, in ms, and the answer where it is decided. */
  async taken(platform: PlatformName): Promise<{ at: number; answer: string }[]> {
    return this.hall.rows(`select inbox.at as at, coalesce(answers.reply, '') as answer from inbox left join answers
      on answers.id = inbox.request where inbox.id like '${platform}:%'`);
  }

  /** Answers that wait to be sent; in one process, as elsewhere they wait at the broker. */
  waiting(): Promise<{ body: string }[]> {
    return this.hall.rows(`select body from outbox where channel like 'outgoing.%' order by n`);
  }

  async close(): Promise<void> {
    await this.hall.remove();
    await Promise.all([this.stock, ...this.simulators].map((one) => one.stop()));
  }

  async #furnish(): Promise<void> {
    const { twitch } = this.#all;
    for (const { name } of twitch?.rooms ?? []) twitch?.makeBotMod(name, true);
    const { communities } = await this.owner.done<{ communities: { id: string }[] }>('GET', '/v1/communities');
    const limit = { uses: 100_000, perSeconds: 1 };
    for (const name of ['help', 'stock'])
      await this.owner.done('PUT', `/v1/communities/${communities[0]?.id}/commands/${name}`, { limit });
  }
}

export interface LogLine {
  level: number;
  msg: string;
  [fact: string]: unknown;
}

/** One process of each role: that several share the work is tried elsewhere. */
const FEW = { hall: 1, bot: 1 };

const GENEROUS = { COMMAND_LIMIT: '1000000/1', POST_LIMIT: '1000000/1', READ_LIMIT: '1000000/1' };

async function startAll<Name extends PlatformName>(starts: Pick<Starts, Name>): Promise<Pick<StandIns, Name>> {
  const wanted: Partial<Starts> = starts;
  const [discord, slack, twitch] = await Promise.all([
    'discord' in wanted && startDiscord(wanted.discord),
    'slack' in wanted && startSlack(wanted.slack),
    'twitch' in wanted && startTwitch(wanted.twitch),
  ]);
  const made = { ...(discord && { discord }), ...(slack && { slack }), ...(twitch && { twitch }) };
  return made as unknown as Pick<StandIns, Name>;
}

/** Looks again and again, every 100 ms and for 20 s unless told otherwise. Fails with `what`, and what was thrown last. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  { ms = 20_000, every = 100 } = {},
): Promise<T> {
  const end = performance.now() + ms;
  let last: unknown;
  for (;;) {
    try {
      const value = await look();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`waited ${ms / 1_000} s for ${what}`, { cause: last });
    await pause(every);
  }
}

/** Waits until the bot is connected, on Twitch in every channel. */
async function isThere(simulator: Simulator): Promise<void> {
  let isConnected = false;
  void simulator.connected().then(() => (isConnected = true));
  await Promise.resolve();
  if (!isConnected) await until(`the bot on ${simulator.platform}`, () => isConnected || undefined, { every: 20 });
}

/** A way to ask the bot on a platform. */
interface Way {
  command: 'help' | 'stock';
  /** Before the command's name. */
  sign: string;
  /** In direct messages, whichever room is meant. */
  direct?: true;
  /** The platform keeps something by which a second try of the answer is told from the first, so it is never there twice. */
  handle: boolean;
}

/** Each platform's ways. `help` is answered at once and privately, `stock` after a word to the asker, and for all. */
export const WAYS: Record<PlatformName, Way[]> = {
  discord: [
    { command: 'help', sign: '/', handle: true },
    { command: 'stock', sign: '/', handle: true },
    { command: 'help', sign: '@Guildhall ', handle: true },
    { command: 'stock', sign: '@Guildhall ', handle: true },
    { command: 'help', sign: '', direct: true, handle: true },
  ],
  slack: [
    { command: 'help', sign: '@Guildhall ', handle: false },
    { command: 'stock', sign: '@Guildhall ', handle: true },
    { command: 'help', sign: '', direct: true, handle: true },
    { command: 'help', sign: '/guildhall ', handle: false },
    { command: 'stock', sign: '/guildhall ', handle: true },
  ],
  twitch: [
    { command: 'help', sign: '!', handle: false },
    { command: 'stock', sign: '!', handle: false },
    { command: 'help', sign: '@Guildhall ', handle: false },
  ],
};

/** Something that a person asked. `mark` is in every answer to it, and in no other. */
export interface Ask {
  mark: string;
  person: string;
  room: string;
  way: Way;
  /** The platform's id of the line. */
  id: string;
}

export interface Asking {
  /** From which number the marks go on. */
  from?: number;
  count: number;
  rooms: string[];
  ways?: Way[];
}

/** People ask in turn, in the rooms in turn, `every` so many ms. `then` is told of each that was asked, by its place. */
export async function askInTurn(
  simulator: Simulator,
  asking: Asking,
  every: number,
  then: (index: number) => void = () => undefined,
): Promise<Ask[]> {
  const asks: Ask[] = [];
  for (const one of planned(simulator, asking)) {
    // Twitch keeps no line for who is away, and Slack no slash command. Discord tells who comes back what was missed.
    if (simulator.platform !== 'discord') await isThere(simulator);
    asks.push(await say(simulator, one));
    setImmediate(then, asks.length - 1);
    await pause(every);
  }
  return asks;
}

/** All in one moment. */
export async function askAtOnce(simulator: Simulator, asking: Asking): Promise<Ask[]> {
  return Promise.all(planned(simulator, asking).map((one) => say(simulator, one)));
}

function planned(simulator: Simulator, { from = 0, count, rooms, ways }: Asking): Omit<Ask, 'id'>[] {
  const all = ways ?? WAYS[simulator.platform as PlatformName];
  const people = peopleOf(simulator);
  return Array.from({ length: count }, (_, index) => {
    const n = from + index;
    const way = all[n % all.length] as Way;
    const person = people[n % people.length] as string;
    const room = way.direct ? `dm:${person}` : (rooms[n % rooms.length] as string);
    return { mark: `${simulator.platform[0]}${String(n).padStart(4, '0')}z`, person, room, way };
  });
}

/** Everybody but the owner, who on Twitch is another one in each channel. */
const peopleOf = ({ people }: Simulator): string[] => people.map(({ name }) => name).filter((name) => name !== 'olga');

async function say(simulator: Simulator, ask: Omit<Ask, 'id'>): Promise<Ask> {
  const { person, room, way, mark } = ask;
  return { ...ask, id: await simulator.say(person, room, `${way.sign}${way.command} ${mark}`) };
}

/** A message of the bot with the mark of an ask in it. */
export interface Heard {
  mark: string;
  /** Not the word that something is being looked up. */
  final: boolean;
  seen: Seen;
  /** Its place among all messages, where people read them one below the other. */
  place: bigint;
}

/** All that the bot said, to whomever, each message once. */
export function heardFrom(simulator: Simulator): Heard[] {
  const readers = [undefined, ...peopleOf(simulator)];
  return simulator.rooms.flatMap(({ id: room }) => {
    const all = readers.flatMap((person) => simulator.seen(room, person).map(heardAs));
    return [...new Map(all.filter((one) => one !== undefined).map((one) => [one.seen.id, one])).values()];
  });
}

function heardAs(seen: Seen, index: number): Heard | undefined {
  const mark = markIn(seen.text);
  if (mark === undefined || !isGuildhall(seen)) return undefined;
  // Ids of Discord and Slack grow with time; on Twitch everybody reads the same lines.
  const place = /^[\d.]+$/.test(seen.id) ? BigInt(seen.id.replace('.', '')) : BigInt(index);
  return { mark, final: isFinal(seen.text), seen, place };
}

export const isGuildhall = ({ author }: Seen): boolean => author.bot && author.name === 'Guildhall';

/** A quote is looked up first, and the asker is told so. */
export const isFinal = (text: string): boolean => !text.includes('Looking up');

/** Ids may hold the same letters, but never as a word. */
export const markIn = (text: string): string | undefined => /\b[dst]\d{4,}z\b/i.exec(text)?.[0].toLowerCase();

/** Marks in texts, in their order. */
export const marksIn = (texts: string[]): string[] => texts.flatMap((text) => markIn(text) ?? []);

/** What became of what was asked, as people see it. All lists are empty where all is well. */
export interface Tally {
  asked: number;
  answered: number;
  /** Marks without an answer, of which the platform itself told the asker nothing either. */
  missing: string[];
  /** Marks with more answers than one. */
  doubled: string[];
  /** Marks whose answer was seen by others than it is for. */
  misled: string[];
  /** Pairs of answers in a room that stand in another order than their questions; only what is answered at once has one. */
  swapped: string[];
}

/** `order`: by mark, what grows from question to question. */
export function tally(simulator: Simulator, asks: Ask[], order = new Map<string, number>()): Tally {
  const heard = Map.groupBy(
    heardFrom(simulator).filter(({ final }) => final),
    ({ mark }) => mark,
  );
  const count = ({ mark }: Ask): number => heard.get(mark)?.length ?? 0;
  const marks = (fits: (ask: Ask) => boolean | undefined): string[] => asks.filter(fits).map(({ mark }) => mark);
  return {
    asked: asks.length,
    answered: marks((ask) => count(ask) > 0).length,
    missing: marks((ask) => count(ask) === 0 && !isToldBySlack(simulator, ask)),
    doubled: marks((ask) => count(ask) > 1),
    misled: marks((ask) => heard.get(ask.mark)?.some((one) => !isFor(simulator, ask, one))),
    swapped: swapsIn(
      asks.filter((ask) => !isDeferred(simulator, ask)),
      heard,
      order,
    ),
  };
}

/** A slash command that came while the link broke is never sent again; Slackbot says so to who typed it. */
function isToldBySlack({ platform, seen }: Simulator, { person, room, id }: Ask): boolean {
  if (platform !== 'slack') return false;
  return seen(room, person).some(({ author, replyTo }) => author.name === 'Slackbot' && replyTo === id);
}

/** On Twitch all is seen by all; elsewhere help is for the asker and a quote for the room. */
function isFor(simulator: Simulator, { person, room, way, id }: Ask, { seen }: Heard): boolean {
  if (simulator.platform === 'twitch') return seen.replyTo === id;
  const asker = simulator.people.find(({ name }) => name === person)?.id;
  if (way.command === 'help') return seen.to === asker;
  return seen.to === undefined && seen.room === simulator.rooms.find(({ name }) => name === room)?.id;
}

/** A slash command that waits long shows at once that it is worked on; its answer stands there later. */
function isDeferred(simulator: Simulator, { way, id }: Ask): boolean {
  return simulator.platform === 'discord' && way.sign === '/' && (simulator as Discord).answered(id).first === DEFERRED;
}

/** https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-interaction-callback-type */
const DEFERRED = 5;

function swapsIn(asks: Ask[], heard: Map<string, Heard[]>, order: Map<string, number>): string[] {
  const known = asks.flatMap(({ mark, room, way }) => {
    const [at, one] = [order.get(mark), heard.get(mark)?.[0]];
    // Asked in a room and answered in another, as privately or too late for a slash command: no order to be seen.
    return at === undefined || !one || way.command !== 'help'
      ? []
      : [{ ...one, at, where: `${room} ${one.seen.room}` }];
  });
  return [...Map.groupBy(known, ({ where }) => where).values()].flatMap((inRoom) => {
    const inOrder = inRoom.toSorted((one, other) => one.at - other.at);
    return inOrder.flatMap((one, index) => {
      const before = inOrder[index - 1];
      return before && before.at < one.at && before.place > one.place ? [`${before.mark} after ${one.mark}`] : [];
    });
  });
}

/** What goes wrong, at moments that the seed chooses. */
export interface Storm {
  seed: number;
  count: number;
  rooms: string[];
  /** ms between two questions. */
  every: number;
  /** How often the connection is cut, right behind a question, and how often a call is answered with 429. */
  cuts: number;
  limited: number;
  /** How many of all events come twice, and how many calls fail with the platform's own trouble. */
  twice: number;
  broken: number;
  /** ms that the last answer may take after the last question. */
  patience: number;
}

/** What a storm was like, for a report. */
export interface StormReport {
  asked: number;
  answered: number;
  /** Answers of the platform that told the hall to wait. */
  limited: number;
  /** From the first question to the last answer, in ms. */
  took: number;
}

/**
 * People ask while the platform disconnects, delivers twice and answers 429. Fails unless everybody got one answer, where it
 * belongs, in each room in order, and the platform's rules were kept.
 */
export async function storm(grounds: Grounds, name: PlatformName, plan: Storm): Promise<StormReport> {
  const simulator = grounds.on[name];
  const { every, seed, patience, twice, broken } = plan;
  const [calls, violations] = [simulator.calls.length, simulator.violations.length];
  const began = performance.now();
  simulator.faults.random(seed, { disconnect: 0, duplicate: twice, limited: 0, broken });
  const strikes = strikesOf(simulator, plan);
  const asks = await askInTurn(simulator, plan, every, (index) => strikes[index]?.());
  const all = (): true | undefined => tally(simulator, asks).missing.length === 0 || undefined;
  await until('every answer', all, { ms: patience, every: 4 * every }).catch(() => undefined);
  simulator.faults.random(seed, undefined);
  const took = Math.round(performance.now() - began);
  const { asked, answered, ...wrong } = tally(simulator, asks, await orderOf(grounds, name, asks));
  assert.deepEqual(wrong, { missing: [], doubled: [], misled: [], swapped: [] });
  assert.deepEqual(simulator.violations.slice(violations), []);
  const limited = simulator.calls.slice(calls).filter(({ status }) => status === 429).length;
  return { asked, answered, limited, took };
}

/** What strikes behind which question: as many parts of the storm as there are strikes, one in each, shuffled. */
function strikesOf({ platform, faults }: Simulator, { seed, count, cuts, limited }: Storm): Record<number, () => void> {
  const match = ANSWERS[platform as PlatformName];
  const cut = (): void => faults.disconnect();
  const limit = (): void => faults.answer(429, 1, { retryAfter: 1, match });
  const strikes = Array.from({ length: cuts + limited }, (_, n) => ({ strike: n < cuts ? cut : limit, n }));
  const shuffled = strikes.toSorted((one, other) => chance(seed, one.n) - chance(seed, other.n));
  const part = count / strikes.length;
  return Object.fromEntries(shuffled.map(({ strike }, n) => [Math.floor((n + chance(seed + 1, n)) * part), strike]));
}

/** A number from 0 to 1 that looks like chance and is the same for the same two (the end of MurmurHash3). */
function chance(seed: number, n: number): number {
  let mixed = (seed + Math.imul(n + 1, 0x9e3779b9)) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}

/** Calls of each platform by which answers go out. */
const ANSWERS: Record<PlatformName, string> = { discord: 'POST', slack: 'chat.', twitch: 'PRIVMSG' };

/** Slack itself sends again what was not acknowledged, behind what came later: there it counts how it came in. */
async function orderOf(grounds: Grounds, name: PlatformName, asks: Ask[]): Promise<Map<string, number>> {
  if (name !== 'slack') return new Map(asks.map(({ mark }, index) => [mark, index]));
  return new Map((await grounds.taken(name)).map(({ answer, at }) => [markIn(answer) ?? '', at]));
}

/** What a backlog was like, for a report. */
export interface BacklogReport {
  /** Answers that people had when the hall was stopped, and those that waited. */
  said: number;
  waiting: number;
  /** The median time of a command in the web chat before and during, in ms. */
  chat: [before: number, during: number];
  /** How long the stop took, in ms. */
  stop: number;
}

/**
 * 500 people ask on Twitch in one moment, which lets a bot say 100 lines in 30 s. The web chat goes on as before, the hall
 * is stopped and started again, and nothing is lost. `patience`: ms until all must have been said; without it what still
 * waits is counted instead.
 */
export async function backlogOnTwitch({ patience }: { patience?: number }): Promise<BacklogReport> {
  const grounds = await Grounds.open({ twitch: {} }, 'in one process');
  const { twitch } = grounds.on;
  try {
    const before = await chatDelay(grounds);
    const ways = WAYS.twitch.filter(({ command }) => command === 'help');
    const asks = await askAtOnce(twitch, { count: BACKLOG, rooms: ['square', 'trading-floor'], ways });
    await until('all to be written down', async () => (await grounds.taken('twitch')).length === BACKLOG || undefined);
    await until('the first lines', () => tally(twitch, asks).answered >= 100 || undefined);
    const during = await chatDelay(grounds);
    const said = tally(twitch, asks).answered;
    const stopping = performance.now();
    assert.equal(await grounds.hall.stop(), 0);
    const stop = Math.round(performance.now() - stopping);
    const waiting = (await grounds.waiting()).length;
    await grounds.hall.startAgain();
    await grounds.connected();
    // For so long a hall that knew nothing of before would say the next hundred at once.
    await pause(1_500);
    if (patience === undefined) await assertKept(grounds, asks);
    else
      await until('every answer', () => tally(twitch, asks).missing.length === 0 || undefined, {
        ms: patience,
        every: 1_000,
      });
    assert.deepEqual(tally(twitch, asks).doubled, []);
    assert.deepEqual(twitch.violations, []);
    return { said, waiting, chat: [before, during], stop };
  } finally {
    await grounds.close();
  }
}

const BACKLOG = 500;

/** Each answer was said or waits. */
async function assertKept(grounds: Grounds<'twitch'>, asks: Ask[]): Promise<void> {
  const waiting = new Set(marksIn((await grounds.waiting()).map(({ body }) => body)));
  const lost = tally(grounds.on.twitch, asks).missing.filter((mark) => !waiting.has(mark));
  assert.deepEqual(lost, []);
}

/** The median time in ms from typing /help in the web chat until it is answered. */
export async function chatDelay({ owner }: Pick<Grounds, 'owner'>): Promise<number> {
  const { rooms } = await owner.done<{ rooms: { id: string }[] }>('GET', '/v1/rooms');
  const live = await owner.live();
  const times: number[] = [];
  for (let n = 0; n < 25; n++) {
    live.frames.length = 0;
    const began = performance.now();
    live.send({ type: 'post', room: rooms[0]?.id, text: '/help', clientId: `help-${began}` });
    await live.frame('private');
    times.push(performance.now() - began);
  }
  live.close();
  return Math.round(times.toSorted((a, b) => a - b)[12]! * 10) / 10;
}
