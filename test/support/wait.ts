import { setTimeout as pause } from 'node:timers/promises';

/** How long a test waits for something that must happen. Long, as a machine may be busy: only a broken program takes it all. */
export const PATIENCE_MS = 20_000;

/** How long something is waited for, and how long between two looks at it. */
export interface Patience {
  patienceMs?: number;
  pauseMs?: number;
}

/**
 * Asks again and again until `look` gives a value, and returns it. Fails with `what` and the last thing that went wrong
 * where it never does. A number is `patienceMs`.
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  patience: number | Patience = {},
): Promise<T> {
  const { patienceMs = PATIENCE_MS, pauseMs = 20 } = typeof patience === 'number' ? { patienceMs: patience } : patience;
  const end = performance.now() + patienceMs;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const value = await look();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    await pause(pauseMs);
  }
  throw new Error(`waited ${patienceMs / 1_000} s for ${what}`, { cause: last });
}
