import type { Asked, Dispatched } from '#bench/load/dispatch.ts';
import { startProgram } from '#bench/load/programs.ts';
import { atMost, interleave, judge, rounded, type Bench, type Measure, type Result } from './measure.ts';

/** Processor time of one command among 200, from Discord's packet to the built request, beside a bot written by hand. */
export const dispatchDiscord = measureOf('dispatch.discord', () => ({
  most: 1.25,
  ours: OURS.discord,
  peers: { 'discord.js': BY_HAND, 'ours in one channel': oneChannel(OURS.discord) },
}));

/** The same beside a Bolt app with a listener for each command, and beside one with a map. */
export const dispatchSlack = measureOf('dispatch.slack', () => ({
  most: 1.25,
  ours: OURS.slack,
  peers: { bolt: BOLT, 'bolt with a map': BOLT_MAP, 'ours in one channel': oneChannel(OURS.slack) },
}));

/** The same from an IRC line to an IRC line, beside Twurple's EasyBot, and beside its plain chat client with a map. */
export const dispatchTwitch = measureOf('dispatch.twitch', () => ({
  most: 1.25,
  ours: OURS.twitch,
  peers: { easybot: EASY_BOT, 'chat client': CHAT_CLIENT },
}));

/** As it ships: inbox, outbox and audit in an SQLite file. The bot written by hand keeps nothing. */
export const dispatchDurable = measureOf('dispatch.discord.durable', () => ({
  most: 6,
  ours: OURS.durable,
  peers: { 'discord.js': BY_HAND, 'ours in one channel': oneChannel(OURS.durable) },
}));

/** A program of bench/ and what it is asked beside the number of commands. */
interface Bot {
  path: string;
  asked?: Record<string, unknown>;
}

const OURS = {
  discord: { path: '../ours/dispatch-discord.ts' },
  durable: { path: '../ours/dispatch-discord.ts', asked: { durable: true } },
  slack: { path: '../ours/dispatch-slack.ts' },
  twitch: { path: '../ours/dispatch-twitch.ts' },
} satisfies Record<string, Bot>;

const BY_HAND: Bot = { path: '../peers/discord-js.ts' };
const BOLT: Bot = { path: '../peers/bolt.ts' };
const BOLT_MAP: Bot = { path: '../peers/bolt.ts', asked: { map: true } };
const EASY_BOT: Bot = { path: '../peers/twurple.ts' };
const CHAT_CLIENT: Bot = { path: '../peers/twurple.ts', asked: { plain: true } };

/** The answers of one channel go out one after the other, so all wait for each: the dearest case, and the peers know no such order. */
function oneChannel({ path, asked }: Bot): Bot {
  return { path, asked: { ...asked, channels: 1 } };
}

interface Compared {
  /** What ours may cost, as a multiple of the first peer. */
  most: number;
  ours: Bot;
  peers: Record<string, Bot>;
}

function measureOf(name: string, compared: () => Compared): Measure {
  return { name, run: (bench) => compare(bench, name, compared()) };
}

async function compare(bench: Bench, measure: string, { most, ours, peers }: Compared): Promise<Result> {
  const takers = Object.entries({ ours, ...peers }).map(([name, bot]) => [name, () => cost(bench, bot)] as const);
  const { ours: mine = NaN, ...others } = await interleave<string>(bench, Object.fromEntries(takers));
  const [first = NaN] = Object.values(others);
  return judge({ measure, ours: mine, peers: others, unit: 'µs CPU', goals: [atMost(mine / first, most)] });
}

/** µs of processor time for each command, in a process of its own. */
async function cost(bench: Bench, { path, asked }: Bot): Promise<number> {
  const program = startProgram(new URL(path, import.meta.url));
  try {
    const all: Asked = { bot: { commands: 200, ...asked }, pace: { warm: 1.5, seconds: 2 } };
    const { microseconds, sent } = await program.ask<Dispatched>('dispatch', all);
    bench.note(`      ${rounded(sent)} sent for each command`);
    return microseconds;
  } finally {
    await program.stop();
  }
}
