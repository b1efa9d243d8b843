import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { World } from '#test/support/fault-world/world.ts';
import { oneOfEachKind, playChapter, targetsOf } from '#test/support/faults.ts';
import { seed } from '#test/support/seed.ts';

/** ms of load without a fault, before the first and after each. The long run plays every fault with five seconds. */
const HEAL_MS = 3_000;

describe(
  'when processes and engines fail',
  { skip: process.env['TEST_ENGINES'] === 'none' && 'no engines here' },
  () => {
    let world: World;
    before(async () => {
      world = await World.open({ hall: 2, bot: 2, worker: 1, discord: 1, slack: 1, twitch: 1 });
    });
    after(() => world?.close());

    test('200 clients lose nothing and see nothing twice, while one is killed, one stands still, one is restarted and one is cut off', async (t) => {
      const faults = oneOfEachKind(targetsOf(world), seed);
      t.diagnostic(`seed ${seed}`);
      const report = await playChapter(world, { faults, seed, lastsMs: 4_000, healMs: HEAL_MS, patienceMs: 45_000 });
      t.diagnostic(JSON.stringify(report));
      assert.ok(report.acknowledged >= 200);
    });
  },
);
