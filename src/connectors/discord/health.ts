import type { PlatformHealth, PlatformLog, PlatformState } from '#core/platform.ts';
import { TEXTS } from './texts.ts';

/** How the connection stands, as its traffic tells, and what went through it. `refused` stays. */
export class Health {
  readonly counts = { received: 0, sent: 0, refused: 0 };
  readonly #log: PlatformLog;
  #state: PlatformState = 'starting';
  #why: string | undefined = TEXTS.starting;
  #heardAt: number | undefined;
  readonly #places = new Map<string, string>();

  constructor(log: PlatformLog) {
    this.#log = log;
  }

  get refused(): boolean {
    return this.#state === 'refused';
  }

  heard(at: number): void {
    this.#heardAt = at;
  }

  up(): void {
    if (this.#state === 'up' || this.refused) return;
    this.#state = 'up';
    this.#why = undefined;
    this.#log.info({ platform: 'discord' }, 'connected to Discord');
  }

  /** Anything but `up`. Said in the log once for each reason. */
  set(state: Exclude<PlatformState, 'up' | 'starting'>, why: string, code?: number | string): void {
    if (this.refused || (this.#state === state && this.#why === why)) return;
    this.#state = state;
    this.#why = why;
    const facts = { platform: 'discord', state, ...(code !== undefined && { code }) };
    if (state === 'refused') this.#log.error(facts, why);
    else this.#log.warn(facts, why);
  }

  /** What a guild misses while the rest works; undefined once nothing is. Said in the log once for each reason. */
  place(guild: string, why: string | undefined): void {
    if (why === undefined) return void this.#places.delete(guild);
    if (this.#places.get(guild) !== why) this.#log.warn({ platform: 'discord', guild }, why);
    this.#places.set(guild, why);
  }

  tell(waiting: number): PlatformHealth {
    return {
      platform: 'discord',
      state: this.#state,
      ...(this.#why !== undefined && { why: this.#why }),
      ...(this.#heardAt !== undefined && { heardAt: this.#heardAt }),
      ...(this.#places.size > 0 && { places: Object.fromEntries(this.#places) }),
      waiting,
      counts: { ...this.counts },
    };
  }
}
