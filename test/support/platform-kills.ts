import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Shape } from './deployment.ts';
import type { Simulator } from '#test/simulators/shared/simulator.ts';
import {
  type Ask,
  askAtOnce,
  askInTurn,
  Grounds,
  heardFrom,
  isFinal,
  markIn,
  type PlatformName,
  type Starts,
  tally,
  until,
  WAYS,
} from './platform-faults.ts';

/** How often the hall is killed, and what chooses the moments. */
export interface KillPlan {
  platform: PlatformName;
  rounds: number;
  seed: number;
  shape: Shape;
}

/** What it came to, for a report. */
export interface KillToll {
  rounds: number;
  asked: number;
  /** Lines that were on their way when the hall died, about. */
  inFlight: number;
  /** Lines that people read twice. */
  repeated: number;
  /** The longest time from a kill until everybody had an answer, in ms. */
  slowest: number;
}

/**
 * Kills the process that says the answers with SIGKILL while they go out, starts it again, and waits until all is quiet.
 * Fails where an answer is lost, goes to the wrong person, or is there twice although the platform could have told;
 * elsewhere only the one line that each room had on its way at the kill may be there twice.
 */
export async function killAmidAnswers({ platform, rounds, seed, shape }: KillPlan): Promise<KillToll> {
  const grounds = await Grounds.open({ [platform]: KILL_STARTS[platform] } as Pick<Starts, PlatformName>, shape);
  const toll: KillToll = { rounds, asked: 0, inFlight: 0, repeated: 0, slowest: 0 };
  try {
    for (let round = 0; round < rounds; round++) await killOnce(grounds, { round, seed: seed + round }, toll);
    // Only the process that was killed had been told to wait.
    const broken = grounds.simulators.flatMap(({ violations }) => violations).filter((one) => !/ ms before /.test(one));
    assert.deepEqual(broken, []);
    return toll;
  } finally {
    await grounds.close();
  }
}

const MORE_ROOMS = ['north', 'south'];
const ROOMS = ['square', 'trading-floor', ...MORE_ROOMS];

/**
 * Ten kills in a minute are more logins than Twitch allows; they are not what is tried here.
 */
const KILL_STARTS: Starts = {
  discord: { rooms: MORE_ROOMS },
  slack: { rooms: MORE_ROOMS, retryAfterMs: [0, 1_000, 2_000, 4_000, 8_000] },
  twitch: { rooms: MORE_ROOMS, limits: { logins: 1_000 } },
};

async function killOnce(grounds: Grounds, when: { round: number; seed: number }, toll: KillToll): Promise<void> {
  const simulator = grounds.simulators[0] as Simulator;
  const asks = await askBeforeKill(grounds, simulator, when);
  const flying = inFlight(simulator);
  await grounds.kill(simulator.platform as PlatformName);
  const killed = performance.now();
  assert.ok(tally(simulator, asks).answered < ASKED, 'the kill came when all was said');
  simulator.faults.slow(0);
  simulator.faults.silent(false);
  if (simulator.platform === 'slack') asks.push(...(await askWhileAway(simulator, when.round)));
  await grounds.hall.startAgain();
  await grounds.connected();
  await allAnswered(simulator, asks);
  toll.slowest = Math.max(toll.slowest, Math.round(performance.now() - killed));
  await until('an empty outbox', async () => (await grounds.figure('guildhall_outbox_rows')) === 0 || undefined);
  const repeated = repeatsOf(simulator, asks);
  toll.asked += asks.length;
  toll.inFlight += flying.length;
  toll.repeated += repeated.length;
  const { missing, misled } = tally(simulator, asks);
  assert.deepEqual({ missing, misled }, { missing: [], misled: [] });
  for (const { what, handle } of repeated) assert.ok(!handle, `${what} was said twice`);
  for (const [room, lines] of Map.groupBy(repeated, (one) => one.room))
    assert.equal(lines.length, 1, `in ${room}: ${lines.map(({ what }) => what).join(', ')}`);
}

/** The hall remembers over a start how much it said: on Twitch it may have to wait half a minute. */
async function allAnswered(simulator: Simulator, asks: Ask[]): Promise<void> {
  await until('every answer', () => tally(simulator, asks).missing.length === 0 || undefined, { ms: 60_000 });
}

/** What people ask before each kill, and what they ask while the hall is away. */
const ASKED = 24;
const ASKED_WHILE_AWAY = 2;

/** Gives what was asked when it is written down and some of it is answered. */
async function askBeforeKill(
  grounds: Grounds,
  simulator: Simulator,
  { round, seed }: { round: number; seed: number },
): Promise<Ask[]> {
  const platform = simulator.platform as PlatformName;
  const before = (await grounds.taken(platform)).length;
  const from = round * (ASKED + ASKED_WHILE_AWAY);
  const asks = await (platform === 'twitch' ? hurryOnTwitch : askSlowly)(simulator, from, seed);
  await until(
    'all that was asked to be written down',
    async () => (await grounds.taken(platform)).length === before + ASKED || undefined,
  );
  if (platform === 'twitch') return asks;
  const some = 3 + (seed % 9);
  await until(`${some} answers`, () => tally(simulator, asks).answered >= some || undefined);
  await pause((seed * 37) % SLOW_MS);
  return asks;
}

/** Every call takes a while, so that at any moment some are under way. */
async function askSlowly(simulator: Simulator, from: number): Promise<Ask[]> {
  simulator.faults.slow(SLOW_MS);
  return askInTurn(simulator, { from, count: ASKED, rooms: ROOMS }, 20);
}

const SLOW_MS = 400;

/**
 * A chat line is acknowledged in no time. So the acknowledgement of one is lost with the connection, and no other is let in:
 * what waits behind it stays unsaid.
 */
async function hurryOnTwitch(simulator: Simulator, from: number, seed: number): Promise<Ask[]> {
  const answered = 4 + (seed % 8);
  const first = await askInTurn(simulator, { from, count: answered, rooms: ROOMS }, 20);
  await allAnswered(simulator, first);
  const said = heardFrom(simulator).length;
  simulator.faults.loseAnswers(1);
  const rest = { from: from + answered, count: ASKED - answered, rooms: ROOMS };
  const asks = [...first, ...(await askAtOnce(simulator, rest))];
  await until('the line whose answer is lost', () => heardFrom(simulator).length > said || undefined, { every: 10 });
  simulator.faults.silent(true);
  return asks;
}

/** Slack sends again what nobody took; the other two forget it, as the new process is a new client to them. */
function askWhileAway(simulator: Simulator, round: number): Promise<Ask[]> {
  const from = round * (ASKED + ASKED_WHILE_AWAY) + ASKED;
  const ways = WAYS.slack.filter(({ sign }) => sign === '@Guildhall ');
  return askAtOnce(simulator, { from, count: ASKED_WHILE_AWAY, rooms: ROOMS, ways });
}

/** What the program was saying when it died, without having heard yet that it was taken. */
function inFlight({ platform, calls }: Simulator): string[] {
  const lines = calls.filter(({ method }) => method === 'PRIVMSG');
  const since = Date.now() - SLOW_MS - CLOCK_MS;
  const flying = platform === 'twitch' ? lines.slice(-1) : calls.filter(({ at }) => at > since);
  return flying.flatMap(({ body }) => {
    const text = JSON.stringify(body ?? '');
    const mark = markIn(text);
    return mark === undefined ? [] : [nameOf(mark, isFinal(text))];
  });
}

const CLOCK_MS = 100;

const nameOf = (mark: string, final: boolean): string =>
  `${final ? 'the answer' : 'the word before the answer'} to ${mark}`;

/** What people read more than once, and whether the platform could have told that it was there. */
function repeatsOf(simulator: Simulator, asks: Ask[]): { what: string; room: string; handle: boolean }[] {
  const groups = Map.groupBy(heardFrom(simulator), ({ mark, final }) => nameOf(mark, final));
  return [...groups].flatMap(([what, [one, ...more]]) => {
    const ask = asks.find(({ mark }) => mark === one?.mark);
    const handle = one?.final ? ask?.way.handle === true : simulator.platform === 'discord';
    return ask ? more.map(() => ({ what, room: ask.room, handle })) : [];
  });
}
