import { LIMITS } from '#core/limits.ts';
import { releaseLeases, takeLeases } from '#storage/leases.ts';
import type { Storage } from '#storage/storage.ts';

/** What is done by one process at a time. */
export interface Leased {
  /** Called when this process is the one. Throwing gives the lease back; it is wanted again with the next look. */
  begin(): Promise<void> | void;
  /** Called when it is the one no longer: it gave the lease back, or could not renew it in time. */
  end(why: 'given back' | 'lost'): Promise<void> | void;
}

export interface Leases {
  /** From now on this process wants the lease. */
  want(name: string, work: Leased): void;
  /** This process wants the lease no more: ends what is held and gives it back. */
  drop(name: string): Promise<void>;
  /** Looks at once, as something has changed. */
  look(): void;
  /** Whether it is surely this process's at this moment, also where the process itself stood still for a while. */
  holds(name: string): boolean;
  /** Ends what is held and gives it back, so that another process may take it at once. */
  stop(): Promise<void>;
}

export interface LeasesParts {
  storage: Storage;
  /** This process. */
  holder: string;
  /** Whether this process can do the work as well as any other. Where it cannot for a while, it makes way. */
  fit?(name: string): boolean;
  /** Told what went wrong in a look: leases stay as they are until they are over. */
  onError?(error: unknown): void;
  /** ms that a lease holds, and between two renewals. */
  ms?: number;
  everyMs?: number;
}

/** Leases in the database, by its clock: whatever dies, stops or is cut off loses what it holds after `ms`. */
export function startLeases(parts: LeasesParts): Leases {
  return new Looker(parts);
}

/** ms that a process may be unfit before it makes way: a connection that is lost for a moment comes back. */
const UNFIT_MS = 5_000;

interface Held {
  work: Leased;
  /** Until when it is surely ours, by a clock of this process that nobody sets. */
  until: number;
}

class Looker implements Leases {
  readonly #parts: Required<LeasesParts>;
  readonly #wanted = new Map<string, Leased>();
  readonly #held = new Map<string, Held>();
  /** What is begun and ended for one name comes one after the other. */
  readonly #acts = new Map<string, Promise<void>>();
  #looking: Promise<void> | undefined;
  #again = false;
  #well = true;
  /** Since when, for each name. */
  readonly #unfit = new Map<string, number>();
  #stopped = false;
  readonly #timers: NodeJS.Timeout[];

  constructor(parts: LeasesParts) {
    const defaults = { ms: LIMITS.leaseFor, everyMs: LIMITS.leaseEvery, onError: () => undefined, fit: () => true };
    this.#parts = { ...defaults, ...parts };
    const { everyMs } = this.#parts;
    this.#timers = [
      setInterval(() => this.look(), everyMs),
      setInterval(() => this.#giveUpLate(), Math.ceil(everyMs / 4)),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  want(name: string, work: Leased): void {
    this.#wanted.set(name, work);
    this.look();
  }

  async drop(name: string): Promise<void> {
    this.#wanted.delete(name);
    await this.#looking;
    await this.#giveBack([name]);
  }

  holds(name: string): boolean {
    return (this.#held.get(name)?.until ?? 0) > performance.now();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#looking;
    await this.#giveBack([...this.#held.keys()]);
  }

  look(): void {
    if (this.#stopped) return;
    this.#again = true;
    this.#looking ??= this.#lookWhileAsked().finally(() => (this.#looking = undefined));
  }

  async #lookWhileAsked(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      await this.#renew().then(
        () => (this.#well = true),
        (error: unknown) => this.#failed(error),
      );
    }
  }

  /** The first of several failures is told: an outage lasts many looks. */
  #failed(error: unknown): void {
    if (this.#well) this.#parts.onError(error);
    this.#well = false;
  }

  async #renew(): Promise<void> {
    const { storage, holder, ms } = this.#parts;
    const now = performance.now();
    const names = [...this.#wanted.keys()].filter((name) => this.#mayAsk(name, now));
    await this.#giveBack([...this.#held.keys()].filter((name) => this.#wanted.has(name) && !names.includes(name)));
    // Counted from before the asking: the database's time begins later.
    const until = now + ms;
    const taken = new Set(await takeLeases(storage, { holder, names, ms }));
    for (const name of names) {
      const held = this.#held.get(name);
      if (!taken.has(name)) void this.#end(name, 'lost');
      else if (held) held.until = until;
      else this.#begin(name, until);
    }
    // Nobody wants it here any more, or all stops.
    await this.#release(names.filter((name) => taken.has(name) && !this.#held.has(name)));
  }

  /** Who is unfit takes nothing new, and after a while gives back what it has. */
  #mayAsk(name: string, now: number): boolean {
    const isFit = this.#parts.fit(name);
    if (isFit) {
      this.#unfit.delete(name);
      return true;
    }
    const since = this.#unfit.get(name) ?? now;
    this.#unfit.set(name, since);
    return this.#held.has(name) && now - since <= UNFIT_MS;
  }

  #begin(name: string, until: number): void {
    const work = this.#wanted.get(name);
    if (!work || this.#stopped) return;
    this.#held.set(name, { work, until });
    void this.#then(name, async () => {
      try {
        await work.begin();
      } catch (error) {
        this.#held.delete(name);
        this.#parts.onError(error);
        await this.#release([name]);
      }
    });
  }

  /** What could not be renewed in time may be another process's by now. */
  #giveUpLate(): void {
    const now = performance.now();
    for (const [name, { until }] of this.#held) if (until <= now) void this.#end(name, 'lost');
  }

  async #giveBack(names: string[]): Promise<void> {
    const held = names.filter((name) => this.#held.has(name));
    await Promise.all(held.map((name) => this.#end(name, 'given back')));
    await this.#release(held);
  }

  async #end(name: string, why: 'given back' | 'lost'): Promise<void> {
    const held = this.#held.get(name);
    if (!held) return;
    this.#held.delete(name);
    await this.#then(name, async () => held.work.end(why));
  }

  #then(name: string, act: () => Promise<void>): Promise<void> {
    const done = (this.#acts.get(name) ?? Promise.resolve()).then(act).catch(this.#parts.onError);
    this.#acts.set(name, done);
    return done;
  }

  async #release(names: string[]): Promise<void> {
    const { storage, holder, onError } = this.#parts;
    await releaseLeases(storage, { holder, names }).catch(onError);
  }
}
