import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import { FAILED_ONCE } from '#test/support/fault-world/failed-seeds.ts';
import { type Fault, inWords } from '#test/support/fault-world/faults.ts';
import { World } from '#test/support/fault-world/world.ts';
import { allFaults, type ChapterReport, playChapter, randomPairs, targetsOf } from '#test/support/faults.ts';
import { seed } from '#test/support/seed.ts';

/**
 * Minutes of load around each fault. The full programme is 10, which takes half a day; the default is for everybody who runs
 * `npm run test:long`. From a whole minute on both processes of each role are tried, else one of them.
 */
const minutes = Number(process.env['FAULT_MINUTES'] ?? 0.25);
const MINUTE_MS = 60_000;

/** ms that a fault lasts: longer than a lease, so that a follower is there before it is over. */
const LASTS_MS = 13_000;
/** What stands still does so for longer than connections, leases and signs of life are waited for. */
const STOP_MS = 20_000;
/** ms without a fault before and after each, at least. */
const HEAL_MS = 5_000;
const PATIENCE_MS = 60_000;

const PAIRS = 6;

describe('every process and every engine fails', { timeout: 24 * 60 * MINUTE_MS }, () => {
  let world: World;
  before(async () => {
    world = await World.open({ hall: 2, bot: 2, worker: 2, discord: 2, slack: 2, twitch: 2 });
  });
  after(() => world?.close());

  /** Where there is time for it, the same again and again, once a minute. */
  const play = (fault: Fault[], own = seed): Promise<ChapterReport> => {
    const times = Math.max(1, Math.floor(minutes));
    const lastsMs = fault.some(({ kind }) => kind === 'stop') ? STOP_MS : LASTS_MS;
    const healMs = Math.max(HEAL_MS, (minutes * MINUTE_MS - lastsMs * times) / (times + 1));
    const faults = Array.from({ length: times }, () => fault);
    return playChapter(world, { faults, seed: own, lastsMs, healMs, patienceMs: PATIENCE_MS });
  };

  /** One chapter after the other; fails at the end with all that was found, so that one finding hides no other. */
  const playAll = async (t: TestContext, chapters: Fault[][]): Promise<void> => {
    const found: string[] = [];
    for (const faults of chapters)
      await play(faults).then(
        (report) => t.diagnostic(JSON.stringify(report)),
        (error: Error) => void found.push(error.message),
      );
    assert.deepEqual(found, []);
  };

  const long = { timeout: 24 * 60 * MINUTE_MS };

  for (const { seed: own, faults } of FAILED_ONCE)
    test(`seed ${own}, ${inWords(faults)}, which failed once`, long, async (t) => {
      t.diagnostic(JSON.stringify(await play(faults, own)));
    });

  test(
    'each is killed, stands still, is restarted, is cut off: nothing is lost, doubled or out of order',
    long,
    async (t) => {
      const targets = targetsOf(world).filter((name) => minutes >= 1 || !name.endsWith('-2'));
      await playAll(t, allFaults(targets, seed));
    },
  );

  test('two at once, as chance has it: nothing is lost, doubled or out of order', long, async (t) => {
    await playAll(t, randomPairs(targetsOf(world), seed, PAIRS));
  });
});
