import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  NO_PACE,
  orLater,
  OutboundQueue,
  roomPace,
  Stopped,
  SYSTEM_TIMER,
  TryLater,
  type Timer,
} from './outbound-queue.ts';

describe('the queue of what goes out to a platform', () => {
  test('within a room answers go one at a time and in order, whatever the others do', async () => {
    const { queue, sent, gates } = desk();
    const all = ['a1', 'a2', 'b1'].map((name) => queue.send(name[0] as string, [gates.step(name)]));
    await turns();
    assert.deepEqual(sent, ['a1', 'b1']);
    gates.open('b1');
    await turns();
    assert.deepEqual(sent, ['a1', 'b1']);
    gates.open('a1');
    await turns();
    assert.deepEqual(sent, ['a1', 'b1', 'a2']);
    gates.open('a2');
    await Promise.all(all);
    assert.equal(queue.waiting, 0);
  });

  test('rooms take turns: one that has much to say does not keep the others waiting', async () => {
    const { queue, sent, quick } = desk({ atOnce: 1 });
    const all = ['a1', 'a2', 'a3', 'b1', 'c1', 'b2'].map((name) => queue.send(name[0] as string, [quick(name)]));
    await Promise.all(all);
    assert.deepEqual(sent, ['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  test('replies go before announcements', async () => {
    const { queue, sent, quick } = desk();
    await Promise.all([
      queue.send('a', [quick('first')], 'announcement'),
      queue.send('a', [quick('second')], 'announcement'),
      queue.send('a', [quick('reply')], 'reply'),
    ]);
    assert.deepEqual(sent, ['first', 'reply', 'second']);
  });

  test('the parts of one answer stay together, also when a reply comes in between', async () => {
    const { queue, sent, quick } = desk();
    const long = queue.send('a', ['part 1', 'part 2', 'part 3'].map(quick), 'announcement');
    const reply = queue.send('a', [quick('reply')]);
    await Promise.all([long, reply]);
    assert.deepEqual(sent, ['part 1', 'part 2', 'part 3', 'reply']);
  });

  test('a step that asks for time is tried again before anything else in its room; other rooms go on', async () => {
    const clock = simulated();
    const { queue, sent, quick } = desk({ timer: clock });
    let tries = 0;
    const limited = async (): Promise<void> => {
      if (++tries === 1) throw new TryLater(2_000);
      sent.push('a1');
    };
    const all = [queue.send('a', [limited]), queue.send('a', [quick('a2')]), queue.send('b', [quick('b1')])];
    await turns();
    assert.deepEqual(sent, ['b1']);
    await clock.run(1_999);
    assert.deepEqual(sent, ['b1']);
    await clock.run(1);
    await Promise.all(all);
    assert.deepEqual(sent, ['b1', 'a1', 'a2']);
  });

  test('a wait everywhere holds all rooms', async () => {
    const clock = simulated();
    const { queue, sent, quick } = desk({ timer: clock, atOnce: 1 });
    let tries = 0;
    const limited = async (): Promise<void> => {
      if (++tries === 1) throw new TryLater(500, { everywhere: true });
      sent.push('a1');
    };
    const all = [queue.send('a', [limited]), queue.send('b', [quick('b1')])];
    await turns();
    await clock.run(499);
    assert.deepEqual(sent, []);
    await clock.run(1);
    await Promise.all(all);
    assert.deepEqual(sent.toSorted(), ['a1', 'b1']);
  });

  test('a wait everywhere holds a room that nothing was wrong with, also when its own step ends meanwhile', async () => {
    const clock = simulated();
    const { queue, sent, gates, quick } = desk({ timer: clock });
    let tries = 0;
    const limited = async (): Promise<void> => {
      if (++tries === 1) throw new TryLater(500, { everywhere: true });
      sent.push('a1');
    };
    const all = [queue.send('b', [gates.step('b1')]), queue.send('a', [limited]), queue.send('b', [quick('b2')])];
    await turns();
    gates.open('b1');
    await clock.run(499);
    assert.deepEqual(sent, ['b1']);
    await clock.run(1);
    await Promise.all(all);
    assert.deepEqual(sent.toSorted(), ['a1', 'b1', 'b2']);
  });

  test('an answer without anything to send is sent at once', async () => {
    const { queue } = desk();
    await queue.send('a', []);
    assert.equal(queue.waiting, 0);
  });

  test('a step that sends something itself leaves no timer behind after a stop', async () => {
    const clock = simulated();
    const { queue, quick } = desk({ timer: clock, pace: roomPace(1, 1_000) });
    const all: Promise<unknown>[] = [];
    const send = (...steps: (() => Promise<void>)[]) =>
      all.push(queue.send('a', steps).catch((error: unknown) => error));
    send(quick('a1'), async () => undefined);
    await turns();
    queue.send('b', [
      async () => {
        send(quick('a2'));
      },
    ]);
    await turns();
    assert.equal(clock.timers, 1);
    await queue.stop(0);
    for (const error of await Promise.all(all)) assert.match(String(error), /the queue was stopped/);
    assert.equal(clock.timers, 0);
  });

  test('what our own database cannot do is done again in its place', async () => {
    const clock = simulated();
    const { queue, sent, quick } = desk({ timer: clock });
    let tries = 0;
    const note = async (): Promise<void> => {
      await orLater(++tries === 1 ? Promise.reject(new Error('the disk is full')) : Promise.resolve());
      sent.push('noted');
    };
    const all = [queue.send('a', [quick('a1'), note]), queue.send('a', [quick('a2')])];
    await turns();
    assert.deepEqual(sent, ['a1']);
    await clock.run(1_000);
    await Promise.all(all);
    assert.deepEqual(sent, ['a1', 'noted', 'a2']);
  });

  test('an answer that fails for good is told to its sender and holds nobody up', async () => {
    const { queue, sent, quick } = desk();
    const refused = queue.send('a', [() => Promise.reject(new Error('no such room')), quick('never')]);
    const next = queue.send('a', [quick('next')]);
    await assert.rejects(refused, /no such room/);
    await next;
    assert.deepEqual(sent, ['next']);
  });

  test('a stop lets what is on its way end and gives back the rest', async () => {
    const { queue, sent, gates, quick } = desk();
    const going = queue.send('a', [gates.step('going')]);
    const waiting = queue.send('a', [quick('waiting')]);
    const told = assert.rejects(waiting, Stopped);
    await turns();
    const stopped = queue.stop(1_000);
    gates.open('going');
    await Promise.all([stopped, going, told]);
    assert.deepEqual(sent, ['going']);
    await assert.rejects(queue.send('a', [quick('late')]), Stopped);
  });

  test('a stop gives back what waits for its next try, and leaves no timer behind', async () => {
    const clock = simulated();
    const { queue } = desk({ timer: clock });
    const limited = queue.send('a', [() => Promise.reject(new TryLater(60_000))]);
    const told = assert.rejects(limited, Stopped);
    await turns();
    await queue.stop(1_000);
    await told;
    assert.deepEqual([clock.timers, queue.waiting], [0, 0]);
  });

  test('a stop does not wait longer than it is told to for what never ends', async () => {
    const clock = simulated();
    const { queue, gates } = desk({ timer: clock });
    const hangs = assert.rejects(queue.send('a', [gates.step('hangs')]), Stopped);
    await turns();
    let isStopped = false;
    const stopped = queue.stop(1_000).then(() => (isStopped = true));
    await clock.run(999);
    assert.equal(isStopped, false);
    await clock.run(1);
    await Promise.all([stopped, hangs]);
    assert.equal(clock.timers, 0);
  });

  test('a clock that is set back makes nobody wait for it', (t) => {
    const date = Date.now();
    const before = SYSTEM_TIMER.now();
    t.mock.timers.enable({ apis: ['Date'], now: date - 3_600_000 });
    const after = SYSTEM_TIMER.now();
    assert.ok(after >= before && after < before + 600_000);
  });

  test('a room’s pace is kept: so many in any window, and another room has its own', async () => {
    const clock = simulated();
    const { queue, sent, quick } = desk({ timer: clock, pace: roomPace(2, 1_000) });
    const all = ['a1', 'a2', 'a3', 'b1'].map((name) => queue.send(name[0] as string, [quick(name)]));
    await turns();
    assert.deepEqual(sent, ['a1', 'b1', 'a2']);
    await clock.run(999);
    assert.equal(sent.length, 3);
    await clock.run(1);
    await Promise.all(all);
    assert.equal(sent[3], 'a3');
  });
});

interface Desk {
  timer?: Timer;
  pace?: ReturnType<typeof roomPace>;
  atOnce?: number;
}

function desk({ timer = simulated(), pace = NO_PACE, atOnce = 10 }: Desk = {}) {
  const queue = new OutboundQueue({ pace, atOnce, timer });
  const sent: string[] = [];
  const opened = new Map<string, () => void>();
  const gates = {
    step: (name: string) => () =>
      new Promise<void>((resolve) => {
        sent.push(name);
        opened.set(name, resolve);
      }),
    open: (name: string) => opened.get(name)?.(),
  };
  const quick = (name: string) => async (): Promise<void> => void sent.push(name);
  return { queue, sent, gates, quick };
}

/** Time that goes only when it is told to. */
function simulated() {
  let now = 0;
  const waiting = new Set<{ at: number; act: () => void }>();
  return {
    now: () => now,
    get timers() {
      return waiting.size;
    },
    after(ms: number, act: () => void) {
      const one = { at: now + ms, act };
      waiting.add(one);
      return () => void waiting.delete(one);
    },
    async run(ms: number): Promise<void> {
      now += ms;
      for (const one of [...waiting].filter(({ at }) => at <= now)) {
        waiting.delete(one);
        one.act();
      }
      await turns();
    },
  };
}

async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}
