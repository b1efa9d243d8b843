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
    const left = window.start + rate.perSeconds * 1000 - clock();
    // More than a window is left only where the clock was set back.
    return left > 0 && left <= rate.perSeconds * 1000 ? Math.ceil(left / 1000) : 0;
  }

  function use(key: string, rate: Rate): void {
    const now = clock();
    const window = windows.get(key);
    if (window && now >= window.start && now < window.start + rate.perSeconds * 1000) {
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
