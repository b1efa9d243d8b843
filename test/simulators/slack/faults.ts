import type { Faults, Rate } from '#test/simulators/shared/simulator.ts';

/** What becomes of one call: this status instead of carrying it out, or carried out and no answer. */
export type CallFault = { kind: 'answer'; status: number; retryAfter: number } | { kind: 'lose' };

interface Links {
  cut(): void;
  askToReconnect(reason: 'warning'): void;
  silent(on: boolean): void;
}

/** Keeps what shall go wrong next, and is asked at every call and every event. */
export class FaultBoard implements Faults {
  lateMs = 0;
  readonly #links: Links;
  #answers: { status: number; times: number; retryAfter: number; match: string }[] = [];
  #lose = 0;
  #twice = false;
  #chance: { next: () => number; rate: Rate } | undefined;

  constructor(links: Links) {
    this.#links = links;
  }

  disconnect(): void {
    this.#links.cut();
  }

  reconnect(): void {
    this.#links.askToReconnect('warning');
  }

  silent(on: boolean): void {
    this.#links.silent(on);
  }

  answer(status: number, times: number, { retryAfter = 1, match = '' } = {}): void {
    this.#answers.push({ status, times, retryAfter, match });
  }

  slow(ms: number): void {
    this.lateMs = ms;
  }

  loseAnswers(times: number): void {
    this.#lose = times;
  }

  duplicate(on: boolean): void {
    this.#twice = on;
  }

  random(seed: number, rate: Rate | undefined): void {
    this.#chance = rate && { next: numbers(seed), rate };
  }

  forCall(path: string): CallFault | undefined {
    return this.#plannedAnswer(path) ?? this.#plannedLoss() ?? this.#byChance();
  }

  forEvent(): { cutBefore: boolean; twice: boolean } {
    const chance = this.#chance;
    if (!chance) return { cutBefore: false, twice: this.#twice };
    const cutBefore = chance.next() < chance.rate.disconnect;
    return { cutBefore, twice: chance.next() < chance.rate.duplicate || this.#twice };
  }

  #plannedAnswer(path: string): CallFault | undefined {
    const planned = this.#answers.find(({ match }) => path.includes(match));
    if (!planned) return undefined;
    planned.times -= 1;
    this.#answers = this.#answers.filter(({ times }) => times > 0);
    return { kind: 'answer', status: planned.status, retryAfter: planned.retryAfter };
  }

  #plannedLoss(): CallFault | undefined {
    if (this.#lose <= 0) return undefined;
    this.#lose -= 1;
    return { kind: 'lose' };
  }

  /** Half of the broken calls fail at once, half are carried out before the connection is cut. */
  #byChance(): CallFault | undefined {
    if (!this.#chance) return undefined;
    const { next, rate } = this.#chance;
    const drawn = next();
    if (drawn < rate.limited) return { kind: 'answer', status: 429, retryAfter: 1 };
    if (drawn >= rate.limited + rate.broken) return undefined;
    return next() < 0.5 ? { kind: 'answer', status: 503, retryAfter: 1 } : { kind: 'lose' };
  }
}

/** The same numbers between 0 and 1 for the same seed (the mulberry32 generator). */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
