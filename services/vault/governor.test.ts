import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CALL_LIMITS } from './call-limits.ts';
import { limited } from './call-refusals.ts';
import { createGovernor, type Governor, type Time } from './governor.ts';
import type { Refusal } from './refusal.ts';

/** Time that passes when the test says so. */
class StillTime implements Time {
  at = 0;
  #due: { at: number; act: () => void }[] = [];

  now(): number {
    return this.at;
  }

  after(ms: number, act: () => void): () => void {
    const due = { at: this.at + ms, act };
    this.#due.push(due);
    return () => void (this.#due = this.#due.filter((one) => one !== due));
  }

  async pass(ms: number): Promise<void> {
    const end = this.at + ms;
    await settled();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.at = Math.max(this.at, next.at);
      this.#due = this.#due.filter((one) => one !== next);
      next.act();
      await settled();
    }
    this.at = end;
  }

  #next(end: number): { at: number; act: () => void } | undefined {
    return this.#due.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
  }
}

/** Bytes of what is still in use. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the governor of what the vault asks', () => {
  const pace = { key: { perMinute: 90, burst: 20 }, all: { perMinute: 900, burst: 100 } };
  let time: StillTime;
  let governor: Governor;
  let went: { key: string; at: number }[];
  let refused: Refusal[];

  beforeEach(() => {
    time = new StillTime();
    governor = createGovernor(time);
    went = [];
    refused = [];
  });

  /** Asks for a turn; the request takes `takes` ms, or goes on until the test is over. */
  function ask(key: string, { within = 12_000, takes = 1, signal = new AbortController().signal } = {}): void {
    governor.enter({ provider: 'torn', pace, key, within, signal }).then(
      (end) => {
        went.push({ key, at: time.now() });
        if (takes < Infinity) time.after(takes, end);
      },
      (error: Refusal) => refused.push(error),
    );
  }

  const times = (n: number, act: (n: number) => void): void => Array.from({ length: n }, (_, at) => at).forEach(act);

  it('lets a burst through at once', async () => {
    times(10, () => ask('a'));
    await settled();
    assert.equal(went.length, 10);
  });

  it('never lets a key ask more often in any minute than its pace says', async () => {
    for (let second = 0; second < 180; second++) {
      times(4, () => ask('a', { within: 900 }));
      await time.pass(1_000);
    }
    for (const { at } of went) {
      const inAMinute = went.filter((one) => one.at >= at && one.at < at + 60_000).length;
      assert.ok(inAMinute <= 90, `${inAMinute} in the minute from ${at}`);
    }
    assert.ok(went.length > 200, `${went.length} in three minutes are too few`);
    assert.ok(refused.every(({ code }) => code === 'provider-limited' || code === 'busy'));
  });

  it('never lets all keys together ask more often in any minute than the provider’s pace says', async () => {
    for (let second = 0; second < 120; second++) {
      times(30, (n) => ask(`key ${n}`, { within: 900 }));
      await time.pass(1_000);
    }
    const starts = went.map(({ at }) => at).toSorted((a, b) => a - b);
    const most = Math.max(...starts.map((at) => starts.filter((one) => one >= at && one < at + 60_000).length));
    assert.ok(most <= 900, `${most} in a minute`);
    assert.ok(most > 800, `${most} in a minute are too few`);
  });

  it('gives keys their turns one after the other, however many wait with one of them', async () => {
    times(40, () => ask('holds', { takes: 500 }));
    times(16, () => ask('others', { takes: 500 }));
    await settled();
    went.length = 0;
    times(10, () => ask('loud'));
    ask('quiet');
    await time.pass(501);
    const place = went.findIndex(({ key }) => key === 'quiet');
    assert.ok(place >= 0 && place <= 4, `quiet was number ${place}: ${went.map(({ key }) => key).join(' ')}`);
  });

  it('shares what there is evenly between three keys with a hundred requests', async () => {
    times(99, (n) => ask(`key ${n % 3}`));
    await time.pass(12_000);
    const counts = [0, 1, 2].map((n) => went.filter(({ key }) => key === `key ${n}`).length);
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, counts.join(' '));
    assert.ok(
      counts.every((count) => count >= 33),
      counts.join(' '),
    );
  });

  it('has no more requests at once than there may be connections', async () => {
    times(5, (key) => times(10, () => ask(`key ${key}`, { takes: Infinity })));
    await settled();
    assert.equal(went.length, CALL_LIMITS.atOnce);
  });

  it('refuses at once, with when to come again, where no turn can come in time', async () => {
    governor.slowDown('torn', undefined, 1);
    ask('a');
    await settled();
    governor.slowDown('torn', 'a', 40_000);
    ask('a');
    await settled();
    assert.deepEqual(
      refused.map(({ status, code, retryAfter }) => ({ status, code, retryAfter })),
      [{ status: 429, code: 'provider-limited', retryAfter: 40 }],
    );
  });

  it('tells the seconds that the provider said, at whatever time', async () => {
    for (let n = 0; n < 100; n++) {
      time.at += 1.000_1 * n;
      ask(`key ${n}`);
      await settled();
      assert.equal(limited(governor.slowDown('torn', `key ${n}`, 7_000)).retryAfter, 7);
    }
  });

  it('leaves a key alone that the provider wants left alone, and the others not', async () => {
    ask('a');
    await settled();
    governor.slowDown('torn', 'a', 5_000);
    ask('a');
    ask('b');
    await time.pass(4_900);
    assert.deepEqual(
      went.map(({ key }) => key),
      ['a', 'b'],
    );
    await time.pass(200);
    assert.deepEqual(
      went.map(({ key }) => key),
      ['a', 'b', 'a'],
    );
  });

  it('leaves the provider alone for everybody when it says so', async () => {
    ask('a');
    await settled();
    governor.slowDown('torn', undefined, 3_000);
    ask('b');
    await time.pass(2_900);
    assert.equal(went.length, 1);
    await time.pass(200);
    assert.equal(went.length, 2);
  });

  it('waits twice as long each time a provider says slow down without a time, until it answers as usual', async () => {
    ask('a');
    await settled();
    const pauses: number[] = [];
    for (let n = 0; n < 9; n++) {
      pauses.push(governor.slowDown('torn', 'a', undefined));
      await time.pass(pauses.at(-1) ?? 0);
    }
    assert.deepEqual(pauses.slice(0, 4), [10_000, 20_000, 40_000, 80_000]);
    assert.equal(pauses.at(-1), CALL_LIMITS.pauseMost);
    governor.calm('torn', 'a');
    assert.equal(governor.slowDown('torn', 'a', undefined), 10_000);
  });

  it('takes sixteen answers that say slow down at once for one', async () => {
    ask('a');
    await settled();
    times(16, () => governor.slowDown('torn', 'a', undefined));
    assert.equal(governor.slowDown('torn', 'a', undefined), 10_000);
  });

  it('refuses as busy when too many wait, and lets nobody wait longer than they can', async () => {
    times(16, (n) => ask(`key ${n}`, { takes: Infinity }));
    times(60, () => ask('a'));
    await settled();
    assert.ok(refused.length >= 60 - CALL_LIMITS.waitingPerKey, `${refused.length}`);
    await time.pass(12_001);
    assert.equal(refused.length, 60);
    assert.ok(refused.every(({ code, retryAfter }) => /busy|provider-limited/.test(code) && retryAfter));
  });

  it('forgets who went away while they waited', async () => {
    times(16, (n) => ask(`key ${n}`, { takes: 1_000 }));
    const gone = new AbortController();
    ask('gone', { signal: gone.signal });
    ask('patient');
    gone.abort();
    await time.pass(1_100);
    assert.deepEqual(
      went.slice(16).map(({ key }) => key),
      ['patient'],
    );
  });

  it('forgets keys that rested, so that its memory is bounded', async () => {
    const within = 1;
    const signal = new AbortController().signal;
    const before = heldBytes();
    for (let n = 0; n < 3 * CALL_LIMITS.keysKept; n++) {
      time.at += 70;
      const end = await governor.enter({ provider: 'torn', pace, key: `${n} ${'x'.repeat(1_000)}`, within, signal });
      end();
      if (n % 1_000 === 0) time.at += CALL_LIMITS.pauseMost;
    }
    const grown = heldBytes() - before;
    assert.ok(grown < 1.5 * CALL_LIMITS.keysKept * 1_000, `${grown} bytes more`);
  });
});
