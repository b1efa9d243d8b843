import type { PlatformHealth, PlatformLog, PlatformState } from '#core/platform.ts';
import { TEXTS } from './texts.ts';

/** How the connection stands, as its traffic tells, and what went through it. `refused` stays. */
export class Health {
  readonly counts = { received: 0, sent: 0, refused: 0 };
  readonly #log: PlatformLog;
  #state: PlatformState = 'starting';
  #why: string | undefined = TEXTS.starting;
  #heardAt: number | undefined;
  readonly #places = new Map<string, { words?: string; door?: string; gate?: string }>();

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
  place(guild: string, what: 'words' | 'door' | 'gate', why: string | undefined): void {
    const known = this.#places.get(guild) ?? {};
    if (why !== undefined && known[what] !== why) this.#log.warn({ platform: 'discord', guild }, why);
    const { [what]: _before, ...others } = known;
    const now = { ...others, ...(why !== undefined && { [what]: why }) };
    if (Object.keys(now).length > 0) this.#places.set(guild, now);
    else this.#places.delete(guild);
  }

  forget(guild: string): void {
    this.#places.delete(guild);
  }

  tell(waiting: number): PlatformHealth {
    return {
      platform: 'discord',
      state: this.#state,
      ...(this.#why !== undefined && { why: this.#why }),
      ...(this.#heardAt !== undefined && { heardAt: this.#heardAt }),
      ...(this.#places.size > 0 && { places: this.#missing() }),
      waiting,
      counts: { ...this.counts },
    };
  }

  #missing(): Record<string, string> {
    return Object.fromEntries([...this.#places].map(([guild, whys]) => [guild, Object.values(whys).join(' ')]));
  }
}
