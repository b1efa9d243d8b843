import { setTimeout as pause } from 'node:timers/promises';
import type { Bus, DurableChannel } from '#bus/bus.ts';
import { rabbitBus } from '#bus/rabbitmq.ts';
import type { OwnRabbit } from './own-rabbitmq.ts';
import { eventually } from './wait.ts';

/** What trouble with a broker came to. */
export interface BrokerToll {
  /** Messages that the broker confirmed. */
  confirmed: number;
  /** Times that publishing was refused. */
  refused: number;
  /** Confirmed and never handled. */
  lost: number;
  /** Handled once more without a word that it may have been handled before. */
  doubled: number;
  /** Handled once more, and said so. */
  again: number;
  /** Messages of a channel with an order that came first behind a later one. */
  outOfOrder: number;
  /** What the relay's bus said of its health meanwhile, each once. */
  said: string[];
  /** Whether announcements arrived when all was over. */
  heard: boolean;
}

/**
 * A relay publishes to a channel with an order and to one without, as the outbox does; two takers share them; meanwhile
 * come the faults. Ends when all is handled.
 */
export async function brokerToll(rabbit: OwnRabbit, faults: (rabbit: OwnRabbit) => Promise<void>): Promise<BrokerToll> {
  const open = (process: string): Bus => rabbitBus({ url: rabbit.url, process, logger: QUIET });
  const [relaying, ...taking] = [open('relay'), open('one'), open('two')] as const;
  const books = CHANNELS.map((channel) => ({ channel, handled: [] as Handled[] }));
  for (const bus of taking)
    for (const { channel, handled } of books)
      bus.subscribe(channel, async (body, { again }) => {
        handled.push({ n: body as number, again });
        await pause(Math.random() * 20);
      });
  const heard: unknown[] = [];
  taking[0].listen('rooms', (body) => void heard.push(body));
  await Promise.all([relaying, ...taking].map((bus) => bus.ready()));

  const relays = books.map(({ channel }) => new TestRelay(relaying, channel));
  const said = new Set<string>();
  const watch = setInterval(() => said.add(relaying.health().why ?? 'up'), 50);
  const running = Promise.all(relays.map((relay) => relay.run()));
  await faults(rabbit);
  for (const relay of relays) relay.end();
  await running;
  await eventually('all to be handled', () =>
    books.every(({ handled }, i) => isWhole(handled, relays[i])) ? true : undefined,
  ).catch(() => undefined);
  const isHeard = await eventually('a word', () => {
    relaying.announce('rooms', 'over');
    return heard.length > 0 ? true : undefined;
  }).catch(() => false);
  clearInterval(watch);
  await Promise.all([relaying, ...taking].map((bus) => bus.close(1_000)));
  return { ...sumOf(books, relays), said: [...said], heard: isHeard };
}

const CHANNELS: [ordered: DurableChannel, other: DurableChannel] = ['incoming.0', 'jobs'];

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

interface Handled {
  n: number;
  again: boolean;
}

/** Sends numbers, some at once; where one is refused, it begins with the first that is not confirmed again. */
class TestRelay {
  readonly #bus: Bus;
  readonly #channel: DurableChannel;
  #ended = false;
  #sentUpTo = 0;
  /** All up to this one are confirmed. */
  confirmed = 0;
  refused = 0;

  constructor(bus: Bus, channel: DurableChannel) {
    this.#bus = bus;
    this.#channel = channel;
  }

  end(): void {
    this.#ended = true;
  }

  async run(): Promise<void> {
    while (!this.#ended) {
      const batch = Array.from({ length: 10 }, (_, n) => this.confirmed + n + 1);
      const told = await Promise.allSettled(batch.map((n) => this.#send(n)));
      const failed = told.findIndex(({ status }) => status === 'rejected');
      this.#sentUpTo = batch.at(-1) ?? 0;
      this.confirmed += failed === -1 ? batch.length : failed;
      if (failed !== -1) this.refused++;
      await pause(failed === -1 ? 20 : 200);
    }
  }

  #send(n: number): Promise<void> {
    return this.#bus.publish(this.#channel, String(n), n <= this.#sentUpTo, String(n));
  }
}

function isWhole(handled: Handled[], relay: TestRelay | undefined): boolean {
  return new Set(handled.map(({ n }) => n)).size >= (relay?.confirmed ?? 0);
}

function sumOf(books: { handled: Handled[] }[], relays: TestRelay[]): Omit<BrokerToll, 'heard' | 'said'> {
  const sums = books.map(({ handled }, index) => {
    const { confirmed = 0, refused = 0 } = relays[index] ?? {};
    const firsts = [...new Set(handled.map(({ n }) => n))];
    const seen = new Set<number>();
    const repeats = handled.filter(({ n }) => seen.has(n) || !seen.add(n));
    const again = repeats.filter((one) => one.again).length;
    const missing = Array.from({ length: confirmed }, (_, n) => n + 1).filter((n) => !seen.has(n));
    const outOfOrder = index === 0 ? firsts.filter((n, place) => n < (firsts[place - 1] ?? 0)).length : 0;
    return { confirmed, refused, lost: missing.length, again, doubled: repeats.length - again, outOfOrder };
  });
  return sums.reduce((sum, one) => {
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += one[key];
    return sum;
  });
}
