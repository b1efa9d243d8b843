import assert from 'node:assert/strict';
import { incomingOf, incomingParts, type Bus } from '#bus/bus.ts';
import { eventually } from '#test/support/wait.ts';

/** One thing that holds on a bus. Each case gets a bus of its own, which hands back after a few ms. */
export interface BusCase {
  says: string;
  holds(bus: Bus): Promise<void>;
}

/** What holds on every bus. */
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
    says: 'what is published before anybody subscribes waits for the first subscriber',
    async holds(bus) {
      const published = bus.publish('jobs', '"early"');
      const got: unknown[] = [];
      bus.subscribe('jobs', async (body) => void got.push(body));
      await published;
      assert.deepEqual(await eventually('it', () => (got.length > 0 ? got : undefined)), ['early']);
    },
  },
  {
    says: 'one who takes one message at a time gets all in the order in which they were published',
    async holds(bus) {
      const got: unknown[] = [];
      const take = async (body: unknown): Promise<void> => {
        await turns();
        got.push(body);
      };
      bus.subscribe('outgoing.webchat', take, 1);
      await Promise.all(range(100).map((n) => bus.publish('outgoing.webchat', `${n}`)));
      await eventually('all', () => (got.length === 100 ? true : undefined));
      assert.deepEqual(got, range(100));
    },
  },
  {
    says: 'one who takes many at once begins with them in the order in which they were published',
    async holds(bus) {
      const begun: unknown[] = [];
      const take = async (body: unknown): Promise<void> => {
        begun.push(body);
        await turns();
      };
      bus.subscribe('incoming', take);
      await Promise.all(range(100).map((n) => bus.publish('incoming', `${n}`)));
      await eventually('all', () => (begun.length === 100 ? true : undefined));
      assert.deepEqual(begun, range(100));
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
      await eventually('the third try', () => (tries === 3 ? true : undefined));
      await turns();
      assert.equal(tries, 3);
    },
  },
  {
    says: 'a message that fails holds no other back',
    async holds(bus) {
      const done: unknown[] = [];
      let broken = true;
      const take = async (body: unknown): Promise<void> => {
        if (body === 'bad' && broken) throw new Error('not today');
        done.push(body);
      };
      bus.subscribe('incoming', take, 1);
      const published = ['"bad"', '"good"'].map((body) => bus.publish('incoming', body));
      await eventually('the good one', () => (done.length === 1 ? true : undefined));
      assert.deepEqual(done, ['good']);
      broken = false;
      await Promise.all(published);
      await eventually('the bad one', () => (done.length === 2 ? true : undefined));
      assert.deepEqual(done, ['good', 'bad']);
    },
  },
  {
    says: 'a handler learns that a message may have been handled before: by its publisher, or because it threw',
    async holds(bus) {
      const told: [unknown, boolean][] = [];
      bus.subscribe('jobs', async (body, { again }) => {
        told.push([body, again]);
        if (told.length === 1) throw new Error('not yet');
      });
      await bus.publish('jobs', '"first"');
      await eventually('its second try', () => (told.length === 2 ? true : undefined));
      await bus.publish('jobs', '"second"', true);
      await eventually('the second', () => (told.length === 3 ? true : undefined));
      assert.deepEqual(told, [
        ['first', false],
        ['first', true],
        ['second', true],
      ]);
    },
  },
  {
    says: 'each message goes to one of several subscribers of its channel, and to none of another',
    async holds(bus) {
      const [first, second, other] = [new Set(), new Set(), new Set()];
      bus.subscribe('jobs', async (body) => void first.add(body));
      bus.subscribe('jobs', async (body) => void second.add(body));
      bus.subscribe('outgoing.webchat', async (body) => void other.add(body));
      await bus.ready();
      await Promise.all(range(20).map((n) => bus.publish('jobs', `${n}`)));
      await eventually('all 20', () => (first.size + second.size === 20 ? true : undefined));
      assert.equal(new Set([...first, ...second]).size, 20);
      assert.ok(first.size > 0 && second.size > 0, 'both share the work');
      assert.equal(other.size, 0);
    },
  },
  {
    says: 'at most 32 messages of a channel are worked on at once, and all are in the end',
    async holds(bus) {
      let [underWay, most, done] = [0, 0, 0];
      const full = Promise.withResolvers<void>();
      bus.subscribe('incoming', async () => {
        most = Math.max(most, ++underWay);
        if (underWay === 32) full.resolve();
        await full.promise;
        await turns();
        underWay--;
        done++;
      });
      await Promise.all(range(200).map((n) => bus.publish('incoming', `${n}`)));
      await eventually('all 200', () => (done === 200 ? true : undefined));
      assert.equal(most, 32);
    },
  },
  {
    says: 'a subscriber says itself how many it takes at once',
    async holds(bus) {
      let [underWay, most, done] = [0, 0, 0];
      const take = async (): Promise<void> => {
        most = Math.max(most, ++underWay);
        await turns();
        underWay--;
        done++;
      };
      bus.subscribe('jobs', take, 3);
      await Promise.all(range(30).map((n) => bus.publish('jobs', `${n}`)));
      await eventually('all 30', () => (done === 30 ? true : undefined));
      assert.ok(most <= 3, `${most} at once`);
    },
  },
  {
    says: 'every listener in every process hears what is announced, once and at once',
    async holds(bus) {
      const heard: string[] = [];
      const passed = Promise.withResolvers<void>();
      bus.subscribe('incoming', async () => passed.resolve());
      bus.listen('rooms', () => void heard.push('one'));
      bus.listen('rooms', () => void heard.push('two'));
      bus.announce('rooms', { kind: 'typing' });
      assert.deepEqual(heard, ['one', 'two'], 'one’s own words need no way round');
      // What comes back over a broker comes before this.
      await bus.publish('incoming', '1');
      await passed.promise;
      assert.deepEqual(heard, ['one', 'two']);
    },
  },
  {
    says: 'closing waits for what is in hand, and hands out nothing more',
    async holds(bus) {
      const gate = Promise.withResolvers<void>();
      let [begun, done] = [0, 0];
      bus.subscribe('incoming', async () => {
        begun++;
        await gate.promise;
        done++;
      });
      const told = Promise.allSettled(range(40).map((n) => bus.publish('incoming', `${n}`)));
      await eventually('32 in hand', () => (begun === 32 ? true : undefined));
      const closing = bus.close(20_000).then(() => done);
      await assert.rejects(bus.publish('incoming', '1'), /closed/);
      gate.resolve();
      assert.deepEqual([await closing, begun], [32, 32]);
      await told;
    },
  },
  {
    says: 'closing does not wait longer than it is told to',
    async holds(bus) {
      const begun = Promise.withResolvers<void>();
      bus.subscribe('jobs', () => {
        begun.resolve();
        return new Promise(() => undefined);
      });
      void bus.publish('jobs', '1').catch(() => undefined);
      await begun.promise;
      const start = performance.now();
      await bus.close(10);
      assert.ok(performance.now() - start < 5_000);
    },
  },
  {
    says: 'one who stops takes no more, ends what is in hand, and leaves the rest to the next in its order',
    async holds(bus) {
      const gate = Promise.withResolvers<void>();
      const [first, second]: [unknown[], unknown[]] = [[], []];
      const leaving = bus.subscribe(
        'incoming',
        async (body) => {
          await gate.promise;
          first.push(body);
        },
        3,
      );
      const told = Promise.all(range(20).map((n) => bus.publish('incoming', `${n}`)));
      await bus.ready();
      await turns();
      const left = leaving.stop(20_000);
      gate.resolve();
      await left;
      const done = first.length;
      assert.ok(done <= 3, `${done} were in hand`);
      bus.subscribe('incoming', async (body) => void second.push(body), 1);
      await told;
      await eventually('the rest', () => (first.length + second.length === 20 ? true : undefined));
      assert.deepEqual([...first, ...second], range(20));
    },
  },
  {
    says: 'stopping does not wait longer than it is told to, and what hangs is another one’s then or comes again',
    async holds(bus) {
      const begun = Promise.withResolvers<void>();
      const hanging = bus.subscribe('jobs', () => {
        begun.resolve();
        return new Promise(() => undefined);
      });
      const published = bus.publish('jobs', '"first"').catch(() => undefined);
      await begun.promise;
      const start = performance.now();
      await hanging.stop(10);
      assert.ok(performance.now() - start < 5_000);
      const got: unknown[] = [];
      bus.subscribe('jobs', async (body) => void got.push(body));
      await bus.publish('jobs', '"second"');
      await eventually('the second', () => (got.includes('second') ? true : undefined));
      void published;
    },
  },
  {
    says: 'one who stops leaves the work to the others',
    async holds(bus) {
      const [first, second] = [new Set(), new Set()];
      const leaving = bus.subscribe('jobs', async (body) => void first.add(body));
      bus.subscribe('jobs', async (body) => void second.add(body));
      await bus.ready();
      await leaving.stop(20_000);
      const before = first.size;
      await Promise.all(range(20).map((n) => bus.publish('jobs', `${n}`)));
      await eventually('all 20', () => (second.size === 20 ? true : undefined));
      assert.equal(first.size, before);
    },
  },
  {
    says: 'it says that it works, and not any more when it is closed',
    async holds(bus) {
      bus.subscribe('jobs', async () => undefined);
      bus.listen('rooms', () => undefined);
      await bus.ready();
      assert.deepEqual(bus.health(), { up: true });
      await bus.close(0);
      await assert.rejects(bus.publish('jobs', '1'), /closed/);
    },
  },
  {
    says: 'its parts of incoming are those that keys lead to',
    async holds(bus) {
      const parts = incomingParts(bus.parts);
      assert.equal(new Set(parts).size, bus.parts);
      const met = new Set(range(1_000).map((n) => incomingOf(`webchat room_${n}`, bus.parts)));
      assert.deepEqual([...met].toSorted(), parts.toSorted());
    },
  },
];

/** What holds where confirmed means handled: on the bus inside one process. */
export const handledContract: BusCase[] = [
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
    says: 'closing confirms nothing that was not done',
    async holds(bus) {
      const gate = Promise.withResolvers<void>();
      bus.subscribe('incoming', () => gate.promise);
      const told = Promise.allSettled(range(40).map((n) => bus.publish('incoming', `${n}`)));
      await turns();
      const closing = bus.close(20_000);
      gate.resolve();
      await closing;
      const states = (await told).map(({ status }) => status);
      assert.equal(states.filter((state) => state === 'fulfilled').length, 32);
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
