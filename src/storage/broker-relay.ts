import { LIMITS } from '#core/limits.ts';
import { forgetter, type Forgetter } from './forget-outbox.ts';
import type { Relay } from './relay.ts';
import type { Storage } from './storage.ts';
import { lastOutbox, readOutboxBut, type WaitingRow } from './work.ts';

/** Sends a row's body; resolves on the broker's confirmation. `id`: the row's number, the same however often it is sent. */
type PublishRow = (channel: string, body: string, row: { again: boolean; id: string }) => Promise<void>;

/**
 * The relay where several processes write: one of them reads the outbox, in the order of the numbers over all channels, and
 * sends to the broker. Commits end in another order than their numbers were given out in, so it has no cursor: it reads what
 * stands there but what it has in hand. Where the broker refuses, it waits until all is settled and begins with the first again.
 */
export function startBrokerRelay(storage: Storage, { publish, mayRelay }: BrokerRelayParts): Relay {
  return new BrokerRelay(storage, { publish, mayRelay });
}

export interface BrokerRelayParts {
  publish: PublishRow;
  /** Whether this process is the one still. Asked after each read, before its rows are sent, as it may have stood still for a while. */
  mayRelay(): boolean;
}

class BrokerRelay implements Relay {
  readonly #storage: Storage;
  readonly #parts: BrokerRelayParts;
  readonly #forget: Forgetter;
  /** Rows on their way, and rows sent whose deletion is not committed yet. */
  readonly #inHand = new Map<number, Promise<void>>();
  /** Rows up to this number may have been sent before, by another process or by this one without a confirmation. */
  #oldUpTo = Infinity;
  #sentUpTo = 0;
  #again = false;
  #refused = false;
  #stopped = false;
  #running: Promise<void> | undefined;
  #settled: () => void = () => undefined;
  readonly #poll: NodeJS.Timeout;
  readonly #deaf: () => void;

  constructor(storage: Storage, parts: BrokerRelayParts) {
    this.#storage = storage;
    this.#parts = parts;
    this.#forget = forgetter(storage);
    this.#poll = setInterval(() => this.wake(), LIMITS.outboxPoll);
    this.#poll.unref();
    storage.onPublished(() => this.wake());
    this.#deaf = storage.onElsewhere(() => this.wake());
    this.wake();
  }

  wake(): void {
    this.#again = true;
    if (this.#stopped) return;
    this.#running ??= this.#run()
      .then(() => true)
      // Where reading failed, the next look is the poll's.
      .catch(() => false)
      .then((read) => {
        this.#running = undefined;
        if (read && this.#again) this.wake();
      });
  }

  rewind(): void {
    this.#oldUpTo = Infinity;
    this.wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#poll);
    this.#deaf();
    this.#settled();
    // A broker that hangs confirms nothing: what is left goes out by the next relay.
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, STOP_MS)));
    await Promise.race([this.#settle(), late]);
    clearTimeout(timer);
    await this.#forget.idle();
  }

  async #settle(): Promise<void> {
    await this.#running;
    await Promise.allSettled(this.#inHand.values());
  }

  async #run(): Promise<void> {
    if (this.#oldUpTo === Infinity) this.#oldUpTo = await lastOutbox(this.#storage.db);
    while (this.#again && !this.#stopped) {
      this.#again = false;
      await this.#readAll();
      if (this.#refused) await this.#startOver();
    }
  }

  async #readAll(): Promise<void> {
    while (!this.#stopped && !this.#refused) {
      const room = LIMITS.outboxToBroker - this.#inHand.size;
      if (room <= 0) {
        await new Promise<void>((resolve) => (this.#settled = resolve));
        continue;
      }
      const limit = Math.min(room, LIMITS.outboxBatch);
      const rows = await readOutboxBut(this.#storage.db, [...this.#inHand.keys()], limit);
      // What was refused meanwhile comes before these.
      if (this.#refused || !this.#parts.mayRelay()) return;
      for (const row of rows) this.#send(row);
      if (rows.length < limit) return;
    }
  }

  #send({ n, channel, body }: WaitingRow): void {
    this.#sentUpTo = Math.max(this.#sentUpTo, n);
    const done = this.#parts
      .publish(channel, body, { again: n <= this.#oldUpTo, id: String(n) })
      .then(() => this.#forget.row(n))
      .catch(() => void (this.#refused = true))
      .finally(() => {
        this.#inHand.delete(n);
        this.#settled();
      });
    this.#inHand.set(n, done);
  }

  /** In the order of the numbers again, and not in a hurry: the broker is away or has no room. */
  async #startOver(): Promise<void> {
    await Promise.allSettled(this.#inHand.values());
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, AGAIN_MS);
      this.#settled = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#oldUpTo = Math.max(this.#oldUpTo, this.#sentUpTo);
    this.#refused = false;
    this.#again = true;
  }
}

/** ms that a stop waits for confirmations. */
const STOP_MS = 3_000;

/** ms before the broker is asked again. */
const AGAIN_MS = 500;
