import type { Clock } from '#core/clock.ts';
import { LIMITS } from '#core/limits.ts';
import {
  NEVER,
  forgotten,
  newerOf,
  oneFailure,
  oneLess,
  oneMore,
  refusalOf,
  type FailureRule,
  type NotTaken,
  type RateStore,
  type RateUse,
  type Taken,
  type UseCount,
} from '#core/rate.ts';

/** The counts of one process, in memory. */
export interface MemoryRates extends RateStore {
  /** Keys that are held. */
  readonly size: number;
  find(key: string): UseCount | undefined;
  put(key: string, count: UseCount): void;
  /** Takes over what somebody else knows of a key, where that is newer. */
  learn(key: string, count: UseCount): void;
  /** See `oneLess`. */
  takeBack(key: string, taken: UseCount, before: UseCount): void;
}

/** Bounded: where there are too many keys, the one whose window began longest ago goes. */
export function memoryRates(clock: Clock): MemoryRates {
  return new Table(clock);
}

class Table implements MemoryRates {
  readonly #clock: Clock;
  /** The first is the oldest. */
  readonly #counts = new Map<string, UseCount>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  take(uses: readonly RateUse[]): Promise<Taken | NotTaken> {
    for (const { key, recall } of uses)
      if (recall !== undefined && !this.#counts.has(key)) return this.#recallThenTake(uses);
    return Promise.resolve(this.#takeNow(uses));
  }

  async wait(uses: readonly RateUse[]): Promise<number> {
    const known = uses.map(({ key }) => this.#counts.get(key) ?? NEVER);
    return refusalOf(uses, known, this.#clock())?.wait ?? 0;
  }

  async failed(key: string, rule: FailureRule): Promise<void> {
    this.put(key, oneFailure(this.#counts.get(key) ?? NEVER, rule, this.#clock()));
  }

  async forget(key: string): Promise<void> {
    if (this.#counts.has(key)) this.put(key, forgotten(this.#clock()));
  }

  get size(): number {
    return this.#counts.size;
  }

  find(key: string): UseCount | undefined {
    return this.#counts.get(key);
  }

  put(key: string, count: UseCount): void {
    this.#set(key, count, this.#counts.get(key) ?? NEVER);
  }

  learn(key: string, count: UseCount): void {
    const known = this.#counts.get(key);
    if (known === undefined || newerOf(known, count) !== known) this.put(key, count);
  }

  takeBack(key: string, taken: UseCount, before: UseCount): void {
    const now = this.#counts.get(key);
    if (now === undefined) return;
    const less = oneLess(now, taken, before);
    if (less === NEVER) this.#counts.delete(key);
    else this.put(key, less);
  }

  // Every command and request passes here: plain loops, as they cost least.
  #takeNow(uses: readonly RateUse[]): Taken | NotTaken {
    const now = this.#clock();
    const before: UseCount[] = [];
    for (const { key } of uses) before.push(this.#counts.get(key) ?? NEVER);
    const refusal = refusalOf(uses, before, now);
    if (refusal) return refusal;
    const after: UseCount[] = [];
    for (let index = 0; index < uses.length; index++) {
      const { key, rate } = uses[index] as RateUse;
      const known = before[index] as UseCount;
      const count = oneMore(known, rate, now);
      after.push(count);
      this.#set(key, count, known);
    }
    return { ok: true, counts: after, giveBack: () => this.#takeAllBack(uses, after, before) };
  }

  #takeAllBack(uses: readonly RateUse[], taken: readonly UseCount[], before: readonly UseCount[]): void {
    uses.forEach(({ key }, index) => this.takeBack(key, taken[index] as UseCount, before[index] as UseCount));
  }

  async #recallThenTake(uses: readonly RateUse[]): Promise<Taken | NotTaken> {
    const unknown = uses.filter(({ key }) => !this.#counts.has(key));
    await Promise.all(
      unknown.map(async ({ key, recall }) => {
        // Somebody else may have recalled or counted meanwhile: then theirs is not older.
        if (recall) this.learn(key, (await recall()) ?? NEVER);
      }),
    );
    return this.#takeNow(uses);
  }

  #set(key: string, count: UseCount, before: UseCount): void {
    if (before.windowStart !== count.windowStart) this.#counts.delete(key);
    this.#counts.set(key, count);
    if (this.#counts.size > LIMITS.rateKeys) this.#counts.delete(this.#counts.keys().next().value as string);
  }
}
