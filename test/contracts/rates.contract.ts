import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { FailureRule, NotTaken, RateStore, RateUse, Taken } from '#core/rate.ts';
import { memoryRates } from '#expiring/memory-rates.ts';
import { eventually } from '#test/support/wait.ts';
import { seed } from '#test/support/seed.ts';

/** One count, as two of those who share it see it: for what is in one process these are the same. */
export interface SharedForTests {
  here: RateStore;
  there: RateStore;
  close(): Promise<void>;
}

/** What everything that counts rates and failures must do. */
export function ratesContract(name: string, open: () => Promise<SharedForTests>): void {
  describe(`rates ${name}`, () => {
    let shared: SharedForTests;
    before(async () => void (shared = await open()));
    after(() => shared.close());
    const both = (): [RateStore, RateStore] => [shared.here, shared.there];

    ofUses(both);
    ofSeveral(both);
    ofGivingBack(both);
    ofMemory(both);
    ofFailures(both);
    ofAllTogether(both);
  });
}

type Both = () => [RateStore, RateStore];

function ofUses(both: Both): void {
  test('gives so many uses, then says how long to wait, and counts no refused use', async () => {
    const [here, there] = both();
    const use = useOf({ uses: 3 });
    for (const rates of [here, there, here]) assert.equal((await rates.take([use])).ok, true);
    for (const rates of [here, there, here]) {
      const refused = await refusalIn(rates, use);
      assert.deepEqual([refused.which, refused.why], [0, 'rate']);
      assertSeconds(refused.wait, 600);
    }
  });

  test('each key has its own', async () => {
    const [here] = both();
    const [one, other] = [useOf({ uses: 1 }), useOf({ uses: 1 })];
    for (const use of [one, other]) assert.equal((await here.take([use])).ok, true);
    for (const use of [one, other]) assert.equal((await here.take([use])).ok, false);
  });

  test('a window that is over begins anew', async () => {
    const [here, there] = both();
    const use = useOf({ uses: 1, perSeconds: 1 });
    for (const rates of [here, there, here]) {
      await eventually('a use', async () => (await rates.take([use])).ok || undefined);
      assert.equal((await rates.take([use])).ok, false);
    }
  });

  test('of a hundred at once from two sides as many come through as there are uses', async () => {
    const use = useOf({ uses: 10 });
    const asked = both().flatMap((rates) => Array.from({ length: 50 }, () => rates.take([use])));
    const through = (await Promise.all(asked)).filter(({ ok }) => ok);
    assert.equal(through.length, 10);
  });

  test('asking how long costs nothing', async () => {
    const [here, there] = both();
    const use = useOf({ uses: 1 });
    for (const rates of [here, there]) assert.equal(await rates.wait([use]), 0);
    assert.equal((await here.take([use])).ok, true);
    for (const rates of [here, there]) assertSeconds(await rates.wait([use]), 600);
    assertSeconds(await here.wait([useOf({ uses: 1 }), use]), 600);
  });

  test('a cooldown lies between two uses, and is told as such where it lasts longer', async () => {
    const [here, there] = both();
    const use = { ...useOf({ uses: 5 }), cooldownSeconds: 900 };
    assert.equal((await here.take([use])).ok, true);
    const refused = await refusalIn(there, use);
    assert.equal(refused.why, 'cooldown');
    assertSeconds(refused.wait, 900);
    assert.equal((await refusalIn(there, { ...use, rate: { uses: 1, perSeconds: 3_600 } })).why, 'rate');
  });

  test('another rate for the same key holds at once', async () => {
    const [here, there] = both();
    const use = useOf({ uses: 1 });
    assert.equal((await here.take([use])).ok, true);
    assert.equal((await there.take([{ ...use, rate: { uses: 2, perSeconds: 600 } }])).ok, true);
    assert.equal((await here.take([{ ...use, rate: { uses: 9, perSeconds: 600 } }])).ok, true);
    assert.equal((await there.take([{ ...use, rate: { uses: 3, perSeconds: 600 } }])).ok, false);
  });
}

function ofSeveral(both: Both): void {
  test('of several uses all are counted or none', async () => {
    const [here, there] = both();
    const [one, full] = [useOf({ uses: 2 }), useOf({ uses: 1 })];
    assert.equal((await here.take([one, full])).ok, true);
    assert.equal((await there.take([one, full])).ok, false);
    const taken = await there.take([one]);
    assert.equal(taken.ok && taken.counts[0]?.used, 2);
  });

  test('the longest wait is told, and of two that are as long the first', async () => {
    const [here] = both();
    const [short, long] = [useOf({ uses: 1 }), useOf({ uses: 1, perSeconds: 3_000 })];
    assert.equal((await here.take([short, long])).ok, true);
    assert.equal((await refusalIn(here, short, long)).which, 1);
    assert.equal((await refusalIn(here, long, short)).which, 0);
    const as = { ...short, key: `${short.key} too` };
    await here.take([as]);
    assert.equal(
      (await refusalIn(here, { ...short, cooldownSeconds: 7_200 }, { ...as, cooldownSeconds: 7_200 })).which,
      0,
    );
  });
}

function ofGivingBack(both: Both): void {
  test('what is given back costs nothing, neither a use nor a cooldown', async () => {
    const [here, there] = both();
    const uses = [{ ...useOf({ uses: 1 }), cooldownSeconds: 900 }, useOf({ uses: 1 })];
    for (const rates of [here, there, here]) {
      const taken = await takenIn(rates, ...uses);
      assert.equal((await rates.take(uses)).ok, false);
      taken.giveBack();
      await eventually('it to be back', async () => (await there.wait(uses)) === 0 || undefined);
    }
  });

  test('uses that came after one that is given back stay', async () => {
    const [here, there] = both();
    const use = useOf({ uses: 2 });
    const first = await takenIn(here, use);
    await takenIn(there, use);
    first.giveBack();
    await eventually('it to be back', async () => (await there.wait([use])) === 0 || undefined);
    await takenIn(there, use);
    assert.equal((await here.take([use])).ok, false);
  });

  test('giving back takes effect in the order of the calls', async () => {
    const [here] = both();
    const use = useOf({ uses: 1 });
    for (let n = 0; n < 20; n++) (await takenIn(here, use)).giveBack();
    await takenIn(here, use);
  });
}

function ofMemory(both: Both): void {
  test('what is remembered elsewhere counts', async () => {
    const [here, there] = both();
    const at = Date.now() - 100_000;
    const remembered = { windowStart: at, used: 2, lastAt: at };
    const use = { ...useOf({ uses: 3 }), recall: async () => remembered };
    const taken = await takenIn(here, use);
    assert.deepEqual([taken.counts[0]?.used, taken.counts[0]?.windowStart], [3, at]);
    assertSeconds((await refusalIn(there, use)).wait, 500);
  });

  test('but not where what is counted is newer', async () => {
    const [here, there] = both();
    const use = useOf({ uses: 2 });
    await takenIn(here, use);
    const old = { windowStart: Date.now() - 1_000, used: 2, lastAt: Date.now() - 1_000 };
    await takenIn(there, { ...use, recall: async () => old });
  });

  test('what cannot be remembered is no use, and is not counted', async () => {
    const [here] = both();
    const use = useOf({ uses: 1 });
    const recall = () => Promise.reject(new Error('no database'));
    await assert.rejects(here.take([{ ...use, recall }]), /no database/);
    await takenIn(here, use);
  });

  test('gives with each use how the key stands, to be kept', async () => {
    const [here, there] = both();
    const use = useOf({ uses: 5 });
    const [first] = (await takenIn(here, use)).counts;
    const [second] = (await takenIn(there, use)).counts;
    assert.ok(first && second);
    assert.deepEqual([first.used, second.used, second.windowStart], [1, 2, first.windowStart]);
    assert.ok(Math.abs(second.lastAt - Date.now()) < 60_000);
  });
}

function ofAllTogether(both: Both): void {
  test('comes to the same, whatever is asked in whatever order from whichever side', async () => {
    const step = fc.record({
      what: fc.constantFrom('take', 'take', 'take', 'give back', 'failed', 'forget', 'wait'),
      side: fc.nat(1),
      keys: fc.uniqueArray(fc.nat(2), { minLength: 1, maxLength: 3 }),
      uses: fc.integer({ min: 1, max: 6 }),
      cool: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const now = Date.now();
        const model = memoryRates(() => now);
        const prefix = freshKey();
        const told = { model: [] as unknown[], store: [] as unknown[] };
        const lasts: { model?: Taken; store?: Taken } = {};
        for (const { what, side, keys, uses, cool } of steps) {
          // Each key has a time of its own, so that no two waits are as long.
          const asked = keys.map((key) => ({
            key: `${prefix} ${key}`,
            rate: { uses, perSeconds: 1_000 * (key + 1) },
            ...(cool && { cooldownSeconds: 333 * (key + 1) }),
          }));
          for (const which of ['model', 'store'] as const) {
            const rates = which === 'model' ? model : (both()[side] as RateStore);
            told[which].push(await act(rates, { what, asked, last: lasts[which] }, (taken) => (lasts[which] = taken)));
            if (what === 'give back') delete lasts[which];
          }
          // Two sides are two connections: what one gave back has come only when it is asked something else.
          await Promise.all(both().map((rates) => rates.wait(asked)));
        }
        assert.deepEqual(told.store, told.model);
      }),
      { seed, numRuns: 60 },
    );
  });
}

function ofFailures(both: Both): void {
  const rule: FailureRule = { every: 5, firstWait: 10, longestWait: 3_600, forgetAfter: 3_600 };
  const fail = async (key: string, times: number): Promise<void> => {
    for (let n = 0; n < times; n++) await (both()[n % 2] as RateStore).failed(key, rule);
  };
  const waits = async (key: string): Promise<number[]> =>
    Promise.all(both().map((rates) => rates.wait([{ key, rate: ENDLESS }])));

  test('every fifth makes the next try wait, twice as long each time, up to an hour', async () => {
    const key = freshKey();
    await fail(key, 4);
    assert.deepEqual(await waits(key), [0, 0]);
    for (const [times, seconds] of [
      [1, 10],
      [5, 20],
      [5, 40],
      [35, 3_600],
      [5, 3_600],
    ] as const) {
      await fail(key, times);
      for (const wait of await waits(key)) assertSeconds(wait, seconds);
    }
  });

  test('a wait that was made stays, whatever comes while it lasts', async () => {
    const key = freshKey();
    await fail(key, 8);
    for (const wait of await waits(key)) assertSeconds(wait, 10);
  });

  test('many at once from two sides add up', async () => {
    const key = freshKey();
    await Promise.all(Array.from({ length: 15 }, (_, n) => (both()[n % 2] as RateStore).failed(key, rule)));
    for (const wait of await waits(key)) assertSeconds(wait, 40);
  });

  test('are forgotten on both sides by one word, and begin anew', async () => {
    const [here, there] = both();
    const key = freshKey();
    await fail(key, 9);
    await here.forget(key, rule);
    assert.deepEqual(await waits(key), [0, 0]);
    for (let n = 0; n < 4; n++) await there.failed(key, rule);
    assert.deepEqual(await waits(key), [0, 0]);
    await there.failed(key, rule);
    for (const wait of await waits(key)) assertSeconds(wait, 10);
  });

  test('are forgotten by themselves after a while without any, and a wait ends', async () => {
    const [here, there] = both();
    const key = freshKey();
    const quick: FailureRule = { every: 2, firstWait: 1, longestWait: 1, forgetAfter: 1 };
    for (const rates of [here, there]) await rates.failed(key, quick);
    assert.notEqual(await here.wait([{ key, rate: ENDLESS }]), 0);
    await eventually('the wait to end', async () => (await here.wait([{ key, rate: ENDLESS }])) === 0 || undefined);
    await there.failed(key, quick);
    assert.deepEqual(await waits(key), [0, 0]);
  });
}

const ENDLESS = { uses: Number.MAX_SAFE_INTEGER, perSeconds: 1 };

let keys = 0;

function freshKey(): string {
  return `key ${++keys}`;
}

function useOf({ uses, perSeconds = 600 }: { uses: number; perSeconds?: number }): RateUse {
  return { key: freshKey(), rate: { uses, perSeconds } };
}

async function takenIn(rates: RateStore, ...uses: RateUse[]): Promise<Taken> {
  const taken = await rates.take(uses);
  assert.ok(taken.ok, JSON.stringify(taken));
  return taken;
}

async function refusalIn(rates: RateStore, ...uses: RateUse[]): Promise<NotTaken> {
  const refused = await rates.take(uses);
  assert.ok(!refused.ok);
  return refused;
}

/** That many, less those that a busy machine has used up since. */
function assertSeconds(wait: number, seconds: number): void {
  assert.ok(wait <= seconds && wait > seconds - 9, `${wait} s and not ${seconds}`);
}

interface Act {
  what: string;
  asked: RateUse[];
  last: Taken | undefined;
}

/** Does one step and gives what can be seen of it, without times. */
async function act(rates: RateStore, { what, asked, last }: Act, keep: (taken: Taken) => void): Promise<unknown> {
  const rule: FailureRule = { every: 3, firstWait: 2_000, longestWait: 3_600, forgetAfter: 3_600 };
  const failures = `failures ${asked[0]?.key}`;
  if (what === 'failed') return rates.failed(failures, rule);
  if (what === 'forget') return rates.forget(failures, rule);
  if (what === 'wait') return (await rates.wait([...asked, { key: failures, rate: ENDLESS }])) > 0;
  if (what === 'give back') return last?.giveBack();
  const taken = await rates.take(asked);
  if (!taken.ok) return [taken.which, taken.why];
  keep(taken);
  return taken.counts.map(({ used }) => used);
}
