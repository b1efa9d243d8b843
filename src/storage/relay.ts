import { LIMITS } from '#core/limits.ts';
import type { Storage } from './storage.ts';
import { deleteOutbox, readOutbox, type OutboxRow } from './work.ts';

export interface Relay {
  /** Looks at all rows again: the data was replaced under us. */
  rewind(): void;
  /** Stops taking rows and resolves when those under way are settled. What is left goes out after the next start. */
  stop(): Promise<void>;
}

/** Sends a row's body; resolves when it is safe elsewhere, after which the row goes. */
type Publish = (channel: string, body: string) => Promise<void>;

/**
 * Sends what commits left in the outbox, in order of their numbers, and deletes each row once its publishing is confirmed.
 * A kill in between sends it again after the next start: at least once.
 */
export function startRelay(storage: Storage, publish: Publish): Relay {
  const sending = new Set<Promise<void>>();
  const sent: number[] = [];
  let last = 0;
  let stopped = false;
  let reading: Promise<void> | undefined;
  let deleting: Promise<void> | undefined;
  let again = false;

  const wake = (): void => {
    again = true;
    reading ??= read()
      .catch(() => undefined)
      .finally(() => {
        reading = undefined;
        if (again && !stopped) wake();
      });
  };

  async function read(): Promise<void> {
    again = false;
    while (!stopped) {
      const rows = await readOutbox(storage.db, last, LIMITS.outboxBatch);
      for (const row of rows) send(row);
      if (rows.length < LIMITS.outboxBatch) return;
      while (sending.size >= LIMITS.outboxInFlight) await Promise.race(sending);
    }
  }

  function send(row: OutboxRow): void {
    last = row.n;
    const done = publish(row.channel, row.body)
      .then(() => confirm(row.n))
      .catch(() => undefined)
      .finally(() => sending.delete(done));
    sending.add(done);
  }

  /** Resolves when the row is gone; where that commit fails, a later one takes it along, at the latest after the next start. */
  function confirm(n: number): Promise<void> {
    sent.push(n);
    deleting ??= forget().finally(() => (deleting = undefined));
    return deleting;
  }

  async function forget(): Promise<void> {
    while (sent.length > 0) {
      const numbers = sent.slice(0, LIMITS.outboxBatch);
      await storage.write((tx) => deleteOutbox(tx.db, numbers));
      sent.splice(0, numbers.length);
    }
  }

  storage.onPublished(wake);
  wake();
  return {
    rewind() {
      last = 0;
      wake();
    },
    async stop() {
      stopped = true;
      await reading;
      await Promise.allSettled(sending);
      await deleting?.catch(() => undefined);
    },
  };
}
