import assert from 'node:assert/strict';
import type { Bus } from '#bus/bus.ts';
import { eventually } from '#test/support/wait.ts';

/** One thing that holds on every bus. Each case gets a bus of its own, which hands back after a few ms. */
export interface BusCase {
  says: string;
  holds(bus: Bus): Promise<void>;
}

export const busContract: BusCase[] = [
  {
    says: 'bodies travel as JSON: what a broker would not carry does not arrive here either',
    async holds(bus) {
      const got: unknown[] = [];
      bus.subscribe('incoming', async (body) => void got.push(body));
      bus.listen('rooms', (body) => void got.push(body));
      const sent = { at: new Date(0), gone: undefined, n: 1 };
      await bus.publish('incoming', JSON.stringify(sent));
      bus.announce('rooms', sent);
      const expected = { at: '1970-01-01T00:00:00.000Z', n: 1 };
      await eventually('both', () => (got.length === 2 ? true : undefined));
      assert.deepEqual(got, [expected, expected]);
    },
  },
  {
    says: 'a listener cannot change what the next one hears',
    async holds(bus) {
      const heard: string[] = [];
      const meddle = (body: unknown): void => {
        const event = body as { words: string };
        heard.push(event.words);
        event.words = 'changed';
      };
      bus.listen('rooms', meddle);
      bus.listen('rooms', meddle);
      bus.announce('rooms', { words: 'said' });
      await eventually('two listeners', () => (heard.length === 2 ? true : undefined));
      assert.deepEqual(heard, ['said', 'said']);
    },
  },
  {
    says: 'publishing is confirmed only when the message is safe: not before a handler in this process is done',
    async holds(bus) {
      const order: string[] = [];
      const gate = Promise.withResolvers<void>();
      bus.subscribe('incoming', async () => {
        await gate.promise;
        order.push('handled');
      });
      const published = bus.publish('incoming', '1').then(() => order.push('confirmed'));
      await turns();
      assert.deepEqual(order, []);
      gate.resolve();
      await published;
      assert.deepEqual(order, ['handled', 'confirmed']);
    },
  },
  {
    says: 'what is published before anybody subscribes waits for the first subscriber',
    async holds(bus) {
      const published = bus.publish('jobs', '"early"');
      const got: unknown[] = [];
      bus.subscribe('jobs', async (body) => void got.push(body));
      await published;
      assert.deepEqual(got, ['early']);
    },
  },
  {
    says: 'a handler that throws gets the message again until it does not',
    async holds(bus) {
      let tries = 0;
      bus.subscribe('incoming', async () => {
        if (++tries < 3) throw new Error('not today');
      });
      await bus.publish('incoming', '1');
      assert.equal(tries, 3);
    },
  },
  {
    says: 'a message that fails holds no other back',
    async holds(bus) {
      const done: unknown[] = [];
      let broken = true;
      bus.subscribe('incoming', async (body) => {
        if (body === 'bad' && broken) throw new Error('not today');
        done.push(body);
      });
      const bad = bus.publish('incoming', '"bad"');
      await bus.publish('incoming', '"good"');
      assert.deepEqual(done, ['good']);
      broken = false;
      await bad;
      assert.deepEqual(done, ['good', 'bad']);
    },
  },
  {
    says: 'each message goes to one of several subscribers of its channel, and to none of another',
    async holds(bus) {
      const [first, second, other] = [new Set(), new Set(), new Set()];
      bus.subscribe('jobs', async (body) => void first.add(body));
      bus.subscribe('jobs', async (body) => void second.add(body));
      bus.subscribe('outgoing', async (body) => void other.add(body));
      await Promise.all(range(20).map((n) => bus.publish('jobs', `${n}`)));
      assert.equal(first.size + second.size, 20);
      assert.equal(new Set([...first, ...second]).size, 20);
      assert.ok(first.size > 0 && second.size > 0, 'both share the work');
      assert.equal(other.size, 0);
    },
  },
  {
    says: 'at most 32 messages of a channel are worked on at once, and all are in the end',
    async holds(bus) {
      let [underWay, most, done] = [0, 0, 0];
      bus.subscribe('incoming', async () => {
        most = Math.max(most, ++underWay);
        await turns();
        underWay--;
        done++;
      });
      await Promise.all(range(200).map((n) => bus.publish('incoming', `${n}`)));
      assert.deepEqual([most, done], [32, 200]);
    },
  },
  {
    says: 'every listener in every process hears what is announced',
    async holds(bus) {
      const heard: string[] = [];
      bus.listen('rooms', () => void heard.push('one'));
      bus.listen('rooms', () => void heard.push('two'));
      bus.announce('rooms', { kind: 'typing' });
      await eventually('both', () => (heard.length === 2 ? true : undefined));
      assert.deepEqual(heard.toSorted(), ['one', 'two']);
    },
  },
  {
    says: 'closing waits for what is in hand, and confirms nothing that was not done',
    async holds(bus) {
      const gate = Promise.withResolvers<void>();
      const done: unknown[] = [];
      bus.subscribe('incoming', async (body) => {
        await gate.promise;
        done.push(body);
      });
      const told = Promise.allSettled(range(40).map((n) => bus.publish('incoming', `${n}`)));
      await turns();
      const closing = bus.close(20_000).then(() => done.length);
      gate.resolve();
      assert.equal(await closing, 32, 'what was in hand is finished');
      const states = (await told).map(({ status }) => status);
      assert.equal(states.filter((state) => state === 'fulfilled').length, 32);
      await assert.rejects(bus.publish('incoming', '1'), /closed/);
    },
  },
  {
    says: 'closing does not wait longer than it is told to',
    async holds(bus) {
      bus.subscribe('jobs', () => new Promise(() => undefined));
      void bus.publish('jobs', '1').catch(() => undefined);
      await turns();
      await bus.close(10);
    },
  },
  {
    says: 'a message that waits for its next try is given up at the close, so that its row stays for the next start',
    async holds(bus) {
      const tried = Promise.withResolvers<void>();
      bus.subscribe('jobs', async () => {
        tried.resolve();
        throw new Error('not today');
      });
      const published = bus.publish('jobs', '1');
      await tried.promise;
      await turns();
      await Promise.all([assert.rejects(published, /closed/), bus.close(1_000)]);
    },
  },
];

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

/** A few turns of the event loop: whatever could happen by itself has happened. */
async function turns(): Promise<void> {
  for (let n = 0; n < 5; n++) await new Promise((next) => setImmediate(next));
}
