import { CALL_LIMITS } from './call-limits.ts';
import type { Pace } from './providers.ts';

/**
 * A token bucket that keeps a pace: in any minute no more than `perMinute`, as what is there at its beginning and what
 * comes in it are that together. All times are ms from any beginning.
 */
export class Bucket {
  readonly #burst: number;
  /** Tokens that come in a ms. */
  readonly #rate: number;
  #tokens: number;
  #at: number;
  #pausedUntil = -Infinity;
  /** ms of the last pause that was ours to choose; 0 after a calm answer. */
  #lastPause = 0;

  constructor({ perMinute, burst }: Pace, now: number) {
    this.#burst = burst;
    this.#rate = (perMinute - burst) / 60_000;
    this.#tokens = burst;
    this.#at = now;
  }

  /** When the nth from now on may go. */
  readyAt(now: number, nth: number): number {
    this.#fill(now);
    const missing = nth - this.#tokens - ROUNDING;
    return Math.max(missing <= 0 ? now : now + missing / this.#rate, this.#pausedUntil);
  }

  take(now: number): void {
    this.#fill(now);
    this.#tokens--;
  }

  /** Lets nobody go for `ms`, or twice as long as the last time. What is said again meanwhile changes nothing. Gives what is left. */
  pause(now: number, ms: number | undefined): number {
    if (ms === undefined && this.#pausedUntil > now) return this.#pausedUntil - now;
    if (ms === undefined)
      this.#lastPause = Math.min(CALL_LIMITS.pauseMost, Math.max(CALL_LIMITS.pause, this.#lastPause * 2));
    const pause = Math.min(CALL_LIMITS.pauseMost, ms ?? this.#lastPause);
    this.#pausedUntil = Math.max(this.#pausedUntil, now + pause);
    return this.#pausedUntil - now;
  }

  calm(): void {
    this.#lastPause = 0;
  }

  /** Whether a new one would be the same. */
  hasRested(now: number): boolean {
    this.#fill(now);
    return this.#tokens >= this.#burst && this.#pausedUntil + CALL_LIMITS.pauseMost <= now;
  }

  #fill(now: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + Math.max(0, now - this.#at) * this.#rate);
    this.#at = Math.max(this.#at, now);
  }
}

/** Of a token: fractions that were added up are a little less than their sum. */
const ROUNDING = 1e-6;
