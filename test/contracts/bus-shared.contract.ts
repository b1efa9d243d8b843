import assert from 'node:assert/strict';
import type { Bus } from '#bus/bus.ts';
import { eventually } from '#test/support/wait.ts';

/** Opens one more bus on the same broker: another process. */
export type OpenBus = () => Bus;

export interface SharedBusCase {
  says: string;
  holds(open: OpenBus): Promise<void>;
}

/** What holds on a bus that several processes share. */
export const sharedContract: SharedBusCase[] = [
  {
    says: 'several processes on one broker: they share the work, and each hears once what any of them announces',
    async holds(open) {
      const buses = [open(), open(), open()];
      const done = buses.map(() => new Set<unknown>());
      const heard = buses.map((): unknown[] => []);
      buses.forEach((bus, index) => {
        bus.subscribe('jobs', async (body) => void done[index]?.add(body), 4);
        bus.listen('rooms', (body) => void heard[index]?.push(body));
      });
      await Promise.all(buses.map((bus) => bus.ready()));
      const [first] = buses;
      await Promise.all(range(60).map((n) => first?.publish('jobs', `${n}`)));
      buses.forEach((bus, index) => {
        for (const n of range(5)) bus.announce('rooms', `${index}:${n}`);
      });
      const jobs = (): number => done.reduce((sum, { size }) => sum + size, 0);
      await eventually('all jobs', () => (jobs() >= 60 ? true : undefined));
      await eventually('all words', () => (heard.every(({ length }) => length >= 15) ? true : undefined));
      assert.equal(jobs(), 60, 'each is done by one');
      assert.ok(
        done.every(({ size }) => size > 0),
        'each has done some',
      );
      const all = buses.flatMap((_, index) => range(5).map((n) => `${index}:${n}`));
      for (const one of heard) assert.deepEqual(one.toSorted(), all, 'each hears each once');
      for (const one of heard) for (const index of range(3)) assert.deepEqual(saidBy(one, index), saidBy(all, index));
    },
  },
  {
    says: 'what has an order goes to one process; when that one leaves, the next goes on where it ended',
    async holds(open) {
      const [one, two, out] = [open(), open(), open()];
      const got: unknown[] = [];
      const take = async (body: unknown): Promise<void> => void got.push(body);
      const active = one.subscribe('incoming.3', take, 4);
      await one.ready();
      const idle: unknown[] = [];
      two.subscribe(
        'incoming.3',
        async (body) => {
          idle.push(body);
          got.push(body);
        },
        4,
      );
      await Promise.all([two.ready(), out.ready()]);
      await publishAll(out, 0, 50);
      await eventually('the first fifty', () => (got.length === 50 ? true : undefined));
      assert.equal(idle.length, 0, 'one alone has it');
      const sending = publishAll(out, 50, 250);
      await active.stop(20_000);
      await sending;
      await eventually('all', () => (got.length === 250 ? true : undefined));
      assert.deepEqual(got, range(250));
      assert.ok(idle.length > 0, 'the other went on');
    },
  },
  {
    says: 'what a process had in hand when it ended comes to the next in its order, as something that may have been done',
    async holds(open) {
      const [one, two] = [open(), open()];
      const begun: unknown[] = [];
      const hang = (body: unknown): Promise<void> => {
        begun.push(body);
        return new Promise(() => undefined);
      };
      one.subscribe('outgoing.slack', hang, 5);
      await one.ready();
      const got: [unknown, boolean][] = [];
      two.subscribe('outgoing.slack', async (body, { again }) => void got.push([body, again]), 1);
      await two.ready();
      for (const n of range(10)) await two.publish('outgoing.slack', `${n}`);
      await eventually('five in hand', () => (begun.length === 5 ? true : undefined));
      await one.close(0);
      await eventually('all', () => (got.length === 10 ? true : undefined));
      assert.deepEqual(got, [...range(5).map((n) => [n, true]), ...range(5).map((n) => [n + 5, false])]);
    },
  },
  {
    says: 'a message that is published twice is begun once by who has it in hand or has just done it',
    async holds(open) {
      const [one, two] = [open(), open()];
      const gate = Promise.withResolvers<void>();
      const got: unknown[] = [];
      one.subscribe('incoming', async (body) => {
        got.push(body);
        await gate.promise;
      });
      await Promise.all([one.ready(), two.ready()]);
      await one.publish('incoming', '"a"', false, '7');
      await eventually('it', () => (got.length === 1 ? true : undefined));
      await two.publish('incoming', '"a"', true, '7');
      gate.resolve();
      await two.publish('incoming', '"b"', false, '8');
      await two.publish('incoming', '"a"', true, '7');
      // The same number, and another message: a database that was replaced counts anew.
      await two.publish('incoming', '"c"', false, '7');
      await eventually('the last', () => (got.includes('c') ? true : undefined));
      assert.deepEqual(got, ['a', 'b', 'c']);
    },
  },
];

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

const saidBy = (words: unknown[], index: number): unknown[] =>
  words.filter((word) => String(word).startsWith(`${index}:`));

async function publishAll(bus: Bus, from: number, to: number): Promise<void> {
  await Promise.all(range(to - from).map((n) => bus.publish('incoming.3', `${from + n}`)));
}
