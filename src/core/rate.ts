import type { Clock } from './clock.ts';
import { LIMITS, type Rate } from './limits.ts';

/** Uses by key in windows of a rate. */
export interface RateTable {
  /** Seconds until the key has a use again; 0 where it has one now. */
  wait(key: string, rate: Rate): number;
  use(key: string, rate: Rate): void;
  /** Both at once: 0 and the use is counted, or the seconds to wait and it is not. */
  take(key: string, rate: Rate): number;
  readonly size: number;
}

interface Window {
  start: number;
  used: number;
}

/** A fixed window that starts with the first use. Bounded: the oldest key goes when there are too many. */
export function rateTable(clock: Clock): RateTable {
  const windows = new Map<string, Window>();

  function wait(key: string, rate: Rate): number {
    const window = windows.get(key);
    if (!window || window.used < rate.uses) return 0;
    return secondsLeft(window.start, rate.perSeconds, clock());
  }

  function use(key: string, rate: Rate): void {
    const now = clock();
    const window = windows.get(key);
    if (window && secondsLeft(window.start, rate.perSeconds, now) > 0) {
      window.used++;
      return;
    }
    windows.delete(key);
    windows.set(key, { start: now, used: 1 });
    if (windows.size > LIMITS.rateKeys) windows.delete(windows.keys().next().value as string);
  }

  return {
    wait,
    use,
    take(key, rate) {
      const seconds = wait(key, rate);
      if (seconds === 0) use(key, rate);
      return seconds;
    },
    get size() {
      return windows.size;
    },
  };
}

/** Whole seconds left of a time that began at `start`. More than the whole is left only where the clock was set back: then none. */
export function secondsLeft(start: number, seconds: number, now: number): number {
  const ms = start + seconds * 1000 - now;
  return ms > 0 && ms <= seconds * 1000 ? Math.ceil(ms / 1000) : 0;
}
