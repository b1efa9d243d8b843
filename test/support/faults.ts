import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { checkHistory } from './fault-history/check.ts';
import { PlatformLoad } from './fault-load/platform-load.ts';
import { randomFrom } from './fault-load/random.ts';
import { startWebLoad, type WebLoad } from './fault-load/web-load.ts';
import { ENGINES, type Fault, inWords, isEngine, type Kind, KINDS, RELAY, strike } from './fault-world/faults.ts';
import type { World } from './fault-world/world.ts';
import { until } from './platform-faults.ts';

/** One stretch of load, in rooms of its own, and what fails in it. */
export interface Chapter {
  /** Those of one entry fail at the same moment. */
  faults: Fault[][];
  seed: number;
  /** ms that each lasts. */
  lastsMs: number;
  /** ms of load before the first, and after each. */
  healMs: number;
  /** ms within which all must be as it should be, once nothing fails any more. */
  patienceMs: number;
}

/** What it came to, for a report. */
export interface ChapterReport {
  seed: number;
  faults: string[];
  acts: number;
  acknowledged: number;
  asked: Record<string, number>;
  /** Lines on platforms that people read twice, each allowed. */
  repeated: number;
  /** ms from the end of the load until all was quiet. */
  settled: number;
}

/**
 * 200 clients post and ask in the web chat by both halls, and people ask on three platforms, while things fail. Then all
 * must come to rest, and the model and the platforms must find nothing wrong. Throws with all that they found.
 */
export async function playChapter(world: World, chapter: Chapter): Promise<ChapterReport> {
  const { faults, seed, lastsMs, healMs } = chapter;
  const since = Date.now();
  const rooms = await world.makeRooms(Array.from({ length: ROOMS }, (_, n) => `room-${seed}-${chapters}-${n}`));
  const web = await startWebLoad({ ...LOAD, seed, halls: world.halls, tokens: world.tokens, rooms });
  const people = world.simulators.map((one) => new PlatformLoad(one, { everyMs: ASK_EVERY_MS, from: asked }));
  chapters += 1;
  try {
    for (const one of people) one.begin();
    await until('all clients to be there', async () => (await web.state()).caughtUp === LOAD.clients || undefined);
    await pause(healMs);
    for (const together of faults) {
      await Promise.all(together.map((fault) => strike(world, fault, lastsMs)));
      await pause(healMs);
    }
    return await judge(world, chapter, { web, people, since });
  } catch (error) {
    const said = [...world.members].map(([name, { output }]) => `--- ${name}\n${output.slice(-1_500)}`).join('\n');
    throw new Error(`seed ${seed}: ${faults.map(inWords).join(', ')}\n${(error as Error).message}\n${said}`, {
      cause: error,
    });
  } finally {
    asked += Math.max(...people.map(({ asks }) => asks.length)) + 1;
    await web.stop();
  }
}

/** Names of rooms, and marks of questions on platforms, are never used twice. */
let chapters = 0;
let asked = 0;

interface Load {
  web: WebLoad;
  people: PlatformLoad[];
}

interface Chaptered extends Load {
  /** When it began, in ms since 1970. */
  since: number;
}

async function judge(
  world: World,
  { faults, seed, patienceMs }: Chapter,
  { web, people, since }: Chaptered,
): Promise<ChapterReport> {
  const began = performance.now();
  await Promise.all([web.quiet(), ...people.map((one) => one.quiet())]);
  const trouble = await rest(world, { web, people }, patienceMs).then(
    () => [],
    (error: Error) => [`it does not come to rest: ${error.message} ${String(error.cause ?? '')}`],
  );
  const settled = Math.round(performance.now() - began);
  const { acts, acknowledged } = await web.state();
  const { history, kept } = await web.end();
  const onPlatforms = await Promise.all(
    people.map(async (one) => one.wrong(await world.decided(one.name), strikesOn(one.name, faults))),
  );
  const wrong = [...trouble, ...(await world.givenUp(since)), ...checkHistory(history, kept), ...onPlatforms.flat()];
  assert.deepEqual(wrong.slice(0, SHOWN), [], `${wrong.length} findings`);
  return {
    seed,
    faults: faults.map(inWords),
    acts,
    acknowledged,
    asked: Object.fromEntries(people.map(({ name, asks }) => [name, asks.length])),
    repeated: people.flatMap((one) => one.repeated()).length,
    settled,
  };
}

/** Every process is ready, nothing waits, everybody has everything. */
async function rest(world: World, { web, people }: Load, ms: number): Promise<void> {
  const end = performance.now() + ms;
  const wait = (what: string, look: () => Promise<true | undefined>): Promise<true> =>
    until(what, look, { ms: Math.max(1_000, end - performance.now()), every: 250 });
  await world.settled(ms);
  let seen: object = {};
  const isQuiet = async (): Promise<true | undefined> => {
    const [{ open, untold, caughtUp }, left] = [await web.state(), await world.open()];
    seen = { open, untold, caughtUp, ...left };
    return (open + untold + left.asked + left.outbox === 0 && caughtUp === LOAD.clients) || undefined;
  };
  await wait('all to be answered and seen', isQuiet).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(seen)}`, { cause: error });
  });
  for (const one of people)
    await wait(`every answer on ${one.name}`, async () => {
      return one.missing(await world.decided(one.name)).length === 0 || undefined;
    }).catch(() => undefined);
}

/** How many of the faults hit a platform's connector, as far as is known, or an engine without which it cannot note what it sent. */
function strikesOn(platform: string, faults: Fault[][]): number {
  const hits = (target: string): boolean => isEngine(target) || target === RELAY || target.startsWith(platform);
  return faults.flat().filter(({ target }) => hits(target)).length;
}

/** Findings that are shown: the first tell most. */
const SHOWN = 12;

/** About 20 acts a second, seen by 25 clients each: two processors carry it beside eleven processes of the program and its engines. */
const LOAD = { clients: 200, everyMs: 10_000 };
const ROOMS = 8;

/** On each platform: Twitch lets a bot say 100 lines in 30 s, Slack one a second in a room. */
const ASK_EVERY_MS = 1_500;

/** One fault of each kind, each of another target, as the seed has it; one of them is an engine's and one a hall's. */
export function oneOfEachKind(targets: string[], seed: number): Fault[][] {
  const random = randomFrom(seed);
  const left = shuffled(targets, random);
  const first = [pick(left, isEngine), pick(left, (one) => one.startsWith('hall'))];
  const chosen = [...first, ...left].slice(0, KINDS.length);
  const kinds = shuffled([...KINDS], random);
  return kinds.map((kind, n) => [{ kind, target: chosen[n] as string }]);
}

/** Every kind on every target, in the order that the seed has it. */
export function allFaults(targets: string[], seed: number): Fault[][] {
  const all = targets.flatMap((target) => KINDS.map((kind): Fault[] => [{ kind, target }]));
  return shuffled(all, randomFrom(seed));
}

/** Two at once, of two targets. */
export function randomPairs(targets: string[], seed: number, count: number): Fault[][] {
  const random = randomFrom(seed);
  const kind = (): Kind => KINDS[Math.floor(random() * KINDS.length)] as Kind;
  return Array.from({ length: count }, () =>
    shuffled(targets, random)
      .slice(0, 2)
      .map((target): Fault => ({ kind: kind(), target })),
  );
}

/** All that may fail. */
export const targetsOf = (world: World): string[] => [...world.members.keys(), RELAY, ...ENGINES];

function pick(from: string[], fits: (one: string) => boolean): string {
  const [found] = from.splice(from.findIndex(fits), 1);
  return found as string;
}

function shuffled<T>(all: T[], random: () => number): T[] {
  return all
    .map((one) => ({ one, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ one }) => one);
}
