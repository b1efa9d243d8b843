import { createHash } from 'node:crypto';
import type { Limit } from './platform.ts';

/** One count of calls: of a bucket (a route and its channel, guild or webhook), or of all calls together. */
interface Window {
  used: number;
  endsAt: number;
  /** Until when the client was told to wait, and since when it can know. */
  told: { until: number; since: number } | undefined;
}

export interface RateLimits {
  /**
   * Counts a call. `retryAfterMs` where it is over the limit; `tooEarlyMs` where the client had been told to wait and
   * did not.
   */
  count(key: string, limit: Limit, arrivedAt: number): Counted;
  /** A fault tells the client to wait here: from then on it counts as told. Gives the headers that go with it. */
  tell(key: string, waitMs: number): Record<string, string>;
}

export interface Counted {
  headers: Record<string, string>;
  retryAfterMs: number | undefined;
  tooEarlyMs: number | undefined;
}

/** Clocks and timers are not exact, and a call may be under way while its neighbour is refused. */
const GRACE_MS = 50;

/** https://discord.com/developers/docs/topics/rate-limits */
export function createRateLimits(): RateLimits {
  const windows = new Map<string, Window>();
  return {
    count(key, limit, arrivedAt) {
      forget(windows);
      const window = windowOf(windows, key, limit);
      const tooEarlyMs = earlyBy(window, arrivedAt);
      window.used += 1;
      const over = window.used > limit.calls;
      const retryAfterMs = over ? Math.max(1, window.endsAt - Date.now()) : undefined;
      if (retryAfterMs !== undefined) tell(window, retryAfterMs);
      return { headers: headersOf(key, window, limit), retryAfterMs, tooEarlyMs };
    },
    tell(key, waitMs) {
      const window = windows.get(key) ?? { used: 0, endsAt: Date.now() + waitMs, told: undefined };
      windows.set(key, window);
      tell(window, waitMs);
      return headersOf(key, { ...window, used: 1, endsAt: Date.now() + waitMs }, { calls: 1, perMs: waitMs });
    },
  };
}

const MOST_WINDOWS = 5_000;

function forget(windows: Map<string, Window>): void {
  if (windows.size <= MOST_WINDOWS) return;
  const now = Date.now();
  for (const [key, window] of windows) if (Math.max(window.endsAt, window.told?.until ?? 0) < now) windows.delete(key);
}

function windowOf(windows: Map<string, Window>, key: string, limit: Limit): Window {
  const known = windows.get(key);
  if (known && known.endsAt > Date.now()) return known;
  const fresh = { used: 0, endsAt: Date.now() + limit.perMs, told: known?.told };
  windows.set(key, fresh);
  return fresh;
}

/** A client that is told again while it waits keeps the earlier moment at which it could know. */
function tell(window: Window, waitMs: number): void {
  const now = Date.now();
  const since = window.told && window.told.until > now ? window.told.since : now;
  window.told = { until: now + waitMs, since };
}

function earlyBy({ told }: Window, arrivedAt: number): number | undefined {
  if (!told || arrivedAt <= told.since + GRACE_MS || arrivedAt >= told.until - GRACE_MS) return undefined;
  return told.until - arrivedAt;
}

function headersOf(key: string, window: Window, limit: Limit): Record<string, string> {
  const seconds = Math.max(0, window.endsAt - Date.now()) / 1_000;
  return {
    'x-ratelimit-limit': String(limit.calls),
    'x-ratelimit-remaining': String(Math.max(0, limit.calls - window.used)),
    'x-ratelimit-reset': (window.endsAt / 1_000).toFixed(3),
    'x-ratelimit-reset-after': seconds.toFixed(3),
    'x-ratelimit-bucket': createHash('sha256')
      .update(key.split('|')[0] ?? '')
      .digest('hex')
      .slice(0, 32),
  };
}
