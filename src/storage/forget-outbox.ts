import { LIMITS } from '#core/limits.ts';
import type { Storage } from './storage.ts';
import { deleteOutbox } from './work.ts';

export interface Forgetter {
  /** Resolves when the row is gone; where that commit fails it is tried again, at the latest after the next start. */
  row(n: number): Promise<void>;
  idle(): Promise<void>;
}

/**
 * Deletes what was sent, many rows in one commit. It is in no hurry: what a row holds is known as done by its taker, so a
 * kill in between only makes the taker look.
 */
export function forgetter(storage: Storage): Forgetter {
  const sent: number[] = [];
  let deleting: Promise<void> | undefined;
  let hurry: () => void = () => undefined;
  let ending = false;

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  async function forget(): Promise<void> {
    await pause(LIMITS.outboxForgetWithin);
    while (sent.length > 0) {
      const numbers = sent.slice(0, LIMITS.outboxBatch);
      try {
        await storage.write((tx) => deleteOutbox(tx.db, numbers));
        sent.splice(0, numbers.length);
      } catch {
        // What is left goes after the next start.
        if (ending) return;
        await pause(FORGET_AGAIN_MS);
      }
    }
  }

  return {
    row(n) {
      sent.push(n);
      if (sent.length >= LIMITS.outboxBatch) hurry();
      deleting ??= forget().finally(() => (deleting = undefined));
      return deleting;
    },
    async idle() {
      ending = true;
      hurry();
      await deleting;
    },
  };
}

const FORGET_AGAIN_MS = 1_000;
