import { tooFast } from './errors.ts';
import type { Rate } from './limits.ts';

/** What is known of a key. Times are ms since 1970, by the clock of the store that counts. */
export interface UseCount {
  windowStart: number;
  /** Uses since then; for failures, those since the last pause. */
  used: number;
  lastAt: number;
  /** After failures: no try before this time. */
  blockedUntil?: number | undefined;
}

/** One use of a key that is asked for. */
export interface RateUse {
  key: string;
  /** A window begins with the first use. */
  rate: Rate;
  /** Seconds that must lie between two uses. */
  cooldownSeconds?: number;
  /**
   * What is remembered of the key elsewhere. A store of one process asks where it knows nothing, one that is shared asks each
   * time, as it may have lost what it knew. The newer of the two counts.
   */
  recall?: () => Promise<UseCount | undefined>;
}

/** All uses were counted. */
export interface Taken {
  ok: true;
  /** How each key stands now, in the order of the uses. */
  counts: readonly UseCount[];
  /** Takes all of them back: they came to nothing. Uses that came after them stay. Once only. */
  giveBack(): void;
}

/** None was counted. */
export interface NotTaken {
  ok: false;
  /** Whole seconds until it makes sense to ask again, at least 1. */
  wait: number;
  /** The use that waits longest: the first of several. */
  which: number;
  why: 'rate' | 'cooldown' | 'failures';
}

/** How failures make the next try wait: each `every`-th of them `firstWait` seconds, then twice that, and so on up to `longestWait`. */
export interface FailureRule {
  every: number;
  firstWait: number;
  longestWait: number;
  /** Seconds without a failure after which they are forgotten; as long as `longestWait`, at least. */
  forgetAfter: number;
}

/**
 * Counts by key: uses of one, or failures, but not both. Calls take effect in their order, and answers come in that order too,
 * except where there is something to recall.
 */
export interface RateStore {
  /** Counts all of these uses, of different keys, or none; nobody else's use comes in between. Rejects where `recall` does, and never else. */
  take(uses: readonly RateUse[]): Promise<Taken | NotTaken>;
  /** Seconds until all of these would be let through; 0 for now. Counts and recalls nothing. */
  wait(uses: readonly RateUse[]): Promise<number>;
  /** Counts a failure. Resolves when it counts. */
  failed(key: string, rule: FailureRule): Promise<void>;
  /** Forgets the key's failures, and any wait after them. */
  forget(key: string, rule: FailureRule): Promise<void>;
}

/** Counts one use. Throws 429 with the seconds to wait where there is none left. */
export async function needUse(rates: RateStore, key: string, rate: Rate): Promise<void> {
  const taken = await rates.take([{ key, rate }]);
  if (!taken.ok) throw tooFast(taken.wait);
}

/** So long ago that nothing is left of it. */
export const NEVER: UseCount = { windowStart: -Infinity, used: 0, lastAt: -Infinity, blockedUntil: undefined };

/** Why not all of these uses may be now: the longest wait of all. Undefined where they may. */
export function refusalOf(uses: readonly RateUse[], counts: readonly UseCount[], now: number): NotTaken | undefined {
  let longest: NotTaken | undefined;
  for (let which = 0; which < uses.length; which++) {
    const refusal = refusalOfOne(uses[which] as RateUse, counts[which] as UseCount, now);
    if (refusal && refusal.wait > (longest?.wait ?? 0)) longest = { ok: false, which, ...refusal };
  }
  return longest;
}

function refusalOfOne(use: RateUse, count: UseCount, now: number): Pick<NotTaken, 'wait' | 'why'> | undefined {
  const { rate, cooldownSeconds = 0 } = use;
  const window = count.used < rate.uses ? 0 : secondsLeft(count.windowStart, rate.perSeconds, now);
  const cooldown = cooldownSeconds === 0 ? 0 : secondsLeft(count.lastAt, cooldownSeconds, now);
  const block = count.blockedUntil === undefined ? 0 : blockLeft(count.blockedUntil, now);
  const wait = Math.max(cooldown, window, block);
  if (wait === 0) return undefined;
  if (wait === cooldown) return { wait, why: 'cooldown' };
  return { wait, why: wait === window ? 'rate' : 'failures' };
}

/** A clock that was set back makes nobody wait longer than the longest wait. */
function blockLeft(until: number, now: number): number {
  return Math.min(LONGEST_BLOCK, Math.max(0, Math.ceil((until - now) / 1000)));
}

/** Seconds: the longest wait after failures that any rule may ask for. */
export const LONGEST_BLOCK = 3_600;

/** After one more use. */
export function oneMore(count: UseCount, { perSeconds }: Rate, now: number): UseCount {
  const inside = secondsLeft(count.windowStart, perSeconds, now) > 0;
  return {
    windowStart: inside ? count.windowStart : now,
    used: inside ? count.used + 1 : 1,
    lastAt: now,
    blockedUntil: count.blockedUntil,
  };
}

/** After `taken`, which came upon `before`, is given back. Where another use came after it, the window has one less and the last use stays. */
export function oneLess(now: UseCount, taken: UseCount, before: UseCount): UseCount {
  if (now.lastAt === taken.lastAt && now.used === taken.used && now.windowStart === taken.windowStart) return before;
  return now.windowStart === taken.windowStart ? { ...now, used: Math.max(0, now.used - 1) } : now;
}

/** After one more failure. */
export function oneFailure(count: UseCount, rule: FailureRule, now: number): UseCount {
  const used = secondsLeft(count.lastAt, rule.forgetAfter, now) > 0 ? count.used + 1 : 1;
  const doubled = rule.firstWait * 2 ** (used / rule.every - 1);
  const wait = used % rule.every === 0 ? Math.min(rule.longestWait, doubled) : 0;
  // Tries that were under way already do not take the wait away again.
  const blockedUntil = Math.max(count.blockedUntil ?? -Infinity, now + wait * 1000);
  return { windowStart: used === 1 ? now : count.windowStart, used, lastAt: now, blockedUntil };
}

/** A key whose failures are forgotten at this time: newer than all that was known of it before. */
export function forgotten(now: number): UseCount {
  return { windowStart: now, used: 0, lastAt: now, blockedUntil: undefined };
}

/** Of two that may know of a key the one that knows more. */
export function newerOf(known: UseCount, other: UseCount | undefined): UseCount {
  return other !== undefined && other.lastAt > known.lastAt ? other : known;
}

/** Whole seconds left of a time that began at `start`. More than the whole is left only where the clock was set back: then none. */
export function secondsLeft(start: number, seconds: number, now: number): number {
  const ms = start + seconds * 1000 - now;
  return ms > 0 && ms <= seconds * 1000 ? Math.ceil(ms / 1000) : 0;
}
