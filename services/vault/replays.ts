import { REQUEST_AGE_MS } from '#contracts/vault.ts';
import { Refusal } from './refusal.ts';

/** ms that the clocks of two machines may differ by: NTP keeps them within far less. */
const CLOCKS_MS = 5_000;

/** Requests of one caller that are remembered: at 60 bytes each about 6 MB, and 2,800 requests a second. */
const REMEMBERED = 100_000;

/** A request's name: what nobody hits by chance, and no more than is worth remembering. */
const ID = /^[\w-]{16,64}$/;

export interface Replays {
  /** Throws `Refusal` where the caller's request was here before, is too old, is from the future, or says not when it was made. */
  take(caller: string, request: { id: unknown; at: unknown }): void;
}

/**
 * Remembers the requests that are young enough to be believed. What was made before the start may have been done then.
 * `uptime`: ms since the start, by a clock that nobody sets.
 */
export function replays(clock: () => number = Date.now, uptime: () => number = () => performance.now()): Replays {
  const startedAt = clock() - uptime();
  const seen = new Map<string, Remembered>();
  return {
    take(caller, { id, at }) {
      const made = readTime(at);
      if (typeof id !== 'string' || !ID.test(id) || made === undefined)
        throw new Refusal(400, 'malformed', 'The request has no name or no time.');
      const now = clock();
      const isBefore = made < startedAt && uptime() < REQUEST_AGE_MS + CLOCKS_MS;
      if (isBefore || made < now - REQUEST_AGE_MS) throw replayed('The request is too old.');
      if (made > now + CLOCKS_MS)
        throw replayed('The request is from the future: the clocks of the two machines differ.');
      // By this clock, as one that is set back would keep everything until it is there again.
      const up = uptime();
      const mine = seen.get(caller) ?? new Remembered(up);
      seen.set(caller, mine);
      mine.take(id, up);
    },
  };
}

/** The names of one caller's requests, in two halves, so that they are forgotten without looking at each. */
class Remembered {
  #young = new Set<string>();
  #old = new Set<string>();
  #since: number;

  constructor(now: number) {
    this.#since = now;
  }

  take(id: string, now: number): void {
    this.#forget(now);
    if (this.#young.has(id) || this.#old.has(id)) throw replayed('The same request was here before.');
    // Forgetting sooner would let one of them in again.
    if (this.#young.size + this.#old.size >= REMEMBERED)
      throw new Refusal(503, 'busy', 'Too many requests within half a minute.', REQUEST_AGE_MS / 1_000);
    this.#young.add(id);
  }

  #forget(now: number): void {
    // A request is believed until CLOCKS_MS + REQUEST_AGE_MS after it came.
    const half = CLOCKS_MS + REQUEST_AGE_MS;
    if (now - this.#since < half) return;
    this.#old = now - this.#since < 2 * half ? this.#young : new Set();
    this.#young = new Set();
    this.#since = now;
  }
}

function readTime(text: unknown): number | undefined {
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function replayed(detail: string): Refusal {
  return new Refusal(409, 'replayed', detail);
}
