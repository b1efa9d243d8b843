import { LIMITS } from '#core/limits.ts';
import { forgetter, type Forgetter } from './forget-outbox.ts';
import type { Storage } from './storage.ts';
import { outboxChannels, readOutbox, type OutboxRow } from './work.ts';

export interface Relay {
  /** Looks at all rows again: the data was replaced under us. */
  rewind(): void;
  /** Stops taking rows and resolves when those under way are settled. What is left goes out after the next start. */
  stop(): Promise<void>;
}

/** Sends a row's body; resolves when it is safe elsewhere, after which the row goes. `again`: it may have been sent before. */
type Publish = (channel: string, body: string, again: boolean) => Promise<void>;

/**
 * Sends what commits left in the outbox, each channel in the order of its rows' numbers and by itself, and deletes each row
 * once its publishing is confirmed. A kill in between sends it again after the next start: at least once.
 */
export function startRelay(storage: Storage, publish: Publish): Relay {
  const lanes = new Map<string, Lane>();
  const forget = forgetter(storage);
  let stopped = false;
  let looking: Promise<void>;

  const laneOf = (channel: string): Lane => {
    let lane = lanes.get(channel);
    if (!lane) lanes.set(channel, (lane = new Lane({ channel, storage, forget, publish })));
    return lane;
  };
  /** What stands there now may have been on its way when an earlier process ended. */
  const lookAtAll = async (): Promise<void> => {
    for (const { channel, last } of await outboxChannels(storage.db)) if (!stopped) laneOf(channel).begin(last);
  };
  const look = (): void => void (looking = lookAtAll().catch(() => undefined));

  look();
  storage.onPublished((channels) => {
    // Which rows are from before has to be known first.
    void looking.then(() => {
      if (!stopped) for (const channel of channels) laneOf(channel).wake();
    });
  });
  return {
    rewind: look,
    async stop() {
      stopped = true;
      await looking;
      await Promise.all([...lanes.values()].map((lane) => lane.stop()));
      await forget.idle();
    },
  };
}

interface LaneParts {
  channel: string;
  storage: Storage;
  forget: Forgetter;
  publish: Publish;
}

/** One channel's rows. */
class Lane {
  readonly #parts: LaneParts;
  readonly #sending = new Set<Promise<void>>();
  #last = 0;
  /** Rows up to this number may have been sent before. */
  #oldUpTo = 0;
  #again = false;
  #stopped = false;
  #reading: Promise<void> | undefined;
  #ended: (() => void) | undefined;

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  /** Takes all rows there are, from the first; those up to `oldUpTo` are from before. */
  begin(oldUpTo: number): void {
    this.#last = 0;
    this.#oldUpTo = oldUpTo;
    this.wake();
  }

  wake(): void {
    this.#again = true;
    this.#reading ??= this.#read()
      .catch(() => undefined)
      .finally(() => {
        this.#reading = undefined;
        if (this.#again && !this.#stopped) this.wake();
      });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#ended?.();
    await this.#reading;
    await Promise.allSettled(this.#sending);
  }

  async #read(): Promise<void> {
    const { storage, channel } = this.#parts;
    this.#again = false;
    while (!this.#stopped) {
      const rows = await readOutbox(storage.db, channel, this.#last, LIMITS.outboxBatch);
      for (const row of rows) this.#send(row);
      if (rows.length < LIMITS.outboxBatch) return;
      // Not a race of all that are on their way: each race would leave its mark on each of them.
      while (this.#sending.size >= LIMITS.outboxInFlight && !this.#stopped)
        await new Promise<void>((resolve) => (this.#ended = resolve));
    }
  }

  #send({ n, body }: OutboxRow): void {
    const { channel, publish, forget } = this.#parts;
    this.#last = n;
    const done = publish(channel, body, n <= this.#oldUpTo)
      .then(() => forget.row(n))
      .catch(() => undefined)
      .finally(() => {
        this.#sending.delete(done);
        this.#ended?.();
      });
    this.#sending.add(done);
  }
}
