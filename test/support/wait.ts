import { setTimeout as pause } from 'node:timers/promises';

/** How long a test waits for something that must happen. Long, as a machine may be busy: only a broken program takes it all. */
export const PATIENCE_MS = 20_000;

/**
 * Asks again and again until `look` gives a value, and returns it. Fails with `what` and the last thing that went wrong
 * where it never does.
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  patienceMs: number = PATIENCE_MS,
): Promise<T> {
  const end = performance.now() + patienceMs;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const value = await look();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    await pause(20);
  }
  throw new Error(`waited ${patienceMs / 1_000} s for ${what}`, { cause: last });
}
