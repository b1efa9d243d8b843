import { TryLater, type Timer } from '#bus/outbound-queue.ts';
import type { PlatformLog } from '#core/platform.ts';
import type { Calls, Token } from './calls.ts';
import { CODE, FLAG, TOO_LATE } from './discord.external.ts';
import { codeOf, faultOf } from './faults.ts';

/**
 * Where an interaction stands. open: nothing was answered. unknown: another process, or this one before a restart, may have
 * answered. deferred: Discord shows that the bot thinks, to the asker alone. answered: the original answer is there. none: it
 * was taken away, further ones are possible. gone: the token is over.
 */
export type Standing = 'open' | 'unknown' | 'deferred' | 'answered' | 'none' | 'gone';

export interface Interaction {
  to: Token;
  at: number;
  standing: Standing;
  /** Whether the original answer is the asker's alone. */
  ephemeral: boolean;
  /** Nobody has begun to answer it. */
  idle: boolean;
  /** Ends when a deferral under way is done. */
  deferring: Promise<void> | undefined;
  /** Discord wants nothing for it before, ms since 1970; 0 where it may have anything. */
  heldUntil: number;
}

export interface InteractionsOptions {
  calls: Calls;
  timer: Timer;
  log: PlatformLog;
  /** ms until an interaction without an answer is deferred; Discord gives 3 s for the first answer. */
  deferAfterMs: number;
}

/** Those of the last minutes. What takes longer than `deferAfterMs` is deferred by itself, so that it can still be answered. */
export class Interactions {
  readonly #options: InteractionsOptions;
  /** In two halves, the older of which is forgotten as a whole: to take single ones off the front of a large map is slow. */
  #known = new Map<string, Interaction>();
  #older = new Map<string, Interaction>();
  /** Those that may have to be deferred, in the order of their times. */
  #due: Interaction[] = [];
  /** Calls off the timer for them. */
  #unwatch: (() => void) | undefined;

  constructor(options: InteractionsOptions) {
    this.#options = options;
  }

  /** A new one; undefined where it is known already. */
  open(to: Token): Interaction | undefined {
    if (this.#find(to)) return undefined;
    const one = this.#keep(to, 'open');
    this.#due.push(one);
    if (!this.#unwatch) this.#watch(this.#options.deferAfterMs);
    return one;
  }

  /** The one that an answer is for; it is not deferred any more, unless that is under way. */
  take(to: Token): Interaction {
    const one = this.#find(to) ?? this.#keep(to, 'unknown');
    one.idle = false;
    return one;
  }

  /** Ends when it may be answered: a deferral under way is done, and what Discord wants to be waited is waited. */
  async free(one: Interaction): Promise<void> {
    if (one.deferring) await one.deferring;
    const ms = one.heldUntil - this.#options.timer.now();
    one.heldUntil = 0;
    if (ms > 0) throw new TryLater(ms);
  }

  /** Finds out where one stands that was answered by somebody else, or by a request whose answer was lost. */
  async look(one: Interaction): Promise<void> {
    try {
      const { flags = 0 } = await this.#options.calls.original(one.to);
      one.standing = flags & FLAG.loading ? 'deferred' : 'answered';
      one.ephemeral = (flags & FLAG.ephemeral) !== 0;
    } catch (error) {
      const code = codeOf(error);
      if (code === CODE.unknownMessage) one.standing = 'none';
      else if (code !== undefined && TOO_LATE.has(code)) one.standing = 'gone';
      else throw error;
    }
  }

  /** Defers what is still open, so that the next process can answer it. */
  async leave(): Promise<void> {
    this.#unwatch?.();
    await Promise.all(this.#due.filter((one) => one.idle).map((one) => this.#defer(one)));
  }

  #find({ interaction }: Token): Interaction | undefined {
    return this.#known.get(interaction) ?? this.#older.get(interaction);
  }

  #keep(to: Token, standing: Standing): Interaction {
    const idle = standing === 'open';
    const at = this.#options.timer.now();
    const one: Interaction = { to, at, standing, ephemeral: false, idle, deferring: undefined, heldUntil: 0 };
    this.#known.set(to.interaction, one);
    if (this.#known.size >= HALF) {
      this.#older = this.#known;
      this.#known = new Map();
    }
    return one;
  }

  /** One timer for all: each is due so many ms after it came. */
  #watch(ms: number): void {
    this.#unwatch = this.#options.timer.after(ms, () => this.#deferDue());
  }

  #deferDue(): void {
    const { timer, deferAfterMs } = this.#options;
    const now = timer.now();
    this.#due = this.#due.filter((one) => one.idle);
    for (const one of this.#due) {
      if (one.at + deferAfterMs > now) break;
      void this.#defer(one);
    }
    const next = this.#due.find((one) => one.idle);
    this.#unwatch = undefined;
    if (next) this.#watch(Math.max(1, next.at + deferAfterMs - now));
  }

  #defer(one: Interaction): Promise<void> {
    one.idle = false;
    one.deferring = this.#deferNow(one).finally(() => (one.deferring = undefined));
    return one.deferring;
  }

  async #deferNow(one: Interaction): Promise<void> {
    try {
      await this.#options.calls.defer(one.to);
      one.standing = 'deferred';
      one.ephemeral = true;
    } catch (error) {
      const code = codeOf(error);
      // Where nobody knows whether it was carried out, the answer finds out.
      one.standing = code !== undefined && TOO_LATE.has(code) ? 'gone' : 'unknown';
      const fault = faultOf(error);
      if (fault.kind === 'later' && fault.ms) one.heldUntil = this.#options.timer.now() + fault.ms;
      const facts = { platform: 'discord', code: fault.code };
      this.#options.log.warn(facts, `an interaction could not be deferred: ${fault.words}`);
    }
  }
}

/** Interactions of each half: both together are the last ten minutes where a thousand are asked in each. */
const HALF = 5_000;
