import { Bucket } from './bucket.ts';
import { CALL_LIMITS } from './call-limits.ts';
import { busy, callerGone, limited } from './call-refusals.ts';
import type { Pace } from './providers.ts';

/** Who goes when: each key and each provider has its pace, and keys that wait take turns. */
export interface Governor {
  /** Waits for a turn. Call what it gives when the request has ended. Throws `Refusal`: 429 `provider-limited`, 503 `busy`. */
  enter(ask: Ask): Promise<() => void>;
  /** The provider said so: the key, or without one everybody, is left alone for `ms`, or for as long as the limits say. Gives ms. */
  slowDown(provider: string, key: string | undefined, ms: number | undefined): number;
  /** The provider answered as usual: the next pause begins short again. */
  calm(provider: string, key: string): void;
}

export interface Ask {
  provider: string;
  pace: { key: Pace; all: Pace };
  key: string;
  /** ms that it may wait. */
  within: number;
  signal: AbortSignal;
}

/** Time as an argument: ms from any beginning, and what is done later, with what calls it off. */
export interface Time {
  now(): number;
  after(ms: number, act: () => void): () => void;
}

export function createGovernor(time: Time = realTime): Governor {
  const lanes = new Map<string, Lane>();
  return {
    enter(ask) {
      const lane = lanes.get(ask.provider) ?? new Lane(ask.pace, time);
      lanes.set(ask.provider, lane);
      return lane.enter(ask);
    },
    slowDown: (provider, key, ms) => lanes.get(provider)?.slowDown(key, ms) ?? 0,
    calm: (provider, key) => lanes.get(provider)?.calm(key),
  };
}

const realTime: Time = {
  now: () => performance.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

/** Those who wait with one key, the first first. */
interface Line {
  bucket: Bucket;
  waiting: Set<Waiter>;
}

interface Waiter {
  go(): void;
}

/** One provider. */
class Lane {
  readonly #time: Time;
  readonly #pace: { key: Pace; all: Pace };
  readonly #all: Bucket;
  readonly #lines = new Map<string, Line>();
  /** The keys that somebody waits with, whose turn is next first. */
  #turns: Line[] = [];
  #waiting = 0;
  #running = 0;
  #callOff: (() => void) | undefined;

  constructor(pace: { key: Pace; all: Pace }, time: Time) {
    this.#time = time;
    this.#pace = pace;
    this.#all = new Bucket(pace.all, time.now());
  }

  async enter(ask: Ask): Promise<() => void> {
    if (ask.signal.aborted) throw callerGone();
    const line = this.#lineOf(ask.key);
    this.#refuseHopeless(line, ask.within);
    await this.#turn(line, ask);
    return this.#onceEnded();
  }

  slowDown(key: string | undefined, ms: number | undefined): number {
    const bucket = key === undefined ? this.#all : this.#lineOf(key).bucket;
    const pause = bucket.pause(this.#time.now(), ms);
    this.#drain();
    return pause;
  }

  calm(key: string): void {
    this.#lines.get(key)?.bucket.calm();
    this.#all.calm();
  }

  #lineOf(key: string): Line {
    const line = this.#lines.get(key) ?? { bucket: new Bucket(this.#pace.key, this.#time.now()), waiting: new Set() };
    this.#lines.set(key, line);
    if (this.#lines.size > CALL_LIMITS.keysKept) this.#forgetRested(line);
    return line;
  }

  #forgetRested(but: Line): void {
    const now = this.#time.now();
    for (const [key, line] of this.#lines)
      if (line !== but && line.waiting.size === 0 && line.bucket.hasRested(now)) this.#lines.delete(key);
  }

  /** Nobody waits for a turn that cannot come in time. */
  #refuseHopeless(line: Line, within: number): void {
    if (this.#waiting >= CALL_LIMITS.waiting || line.waiting.size >= CALL_LIMITS.waitingPerKey) throw busy();
    const now = this.#time.now();
    const soonest = Math.max(line.bucket.readyAt(now, line.waiting.size + 1), this.#all.readyAt(now, 1)) - now;
    if (soonest > within) throw limited(soonest);
  }

  #turn(line: Line, { within, signal }: Ask): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        callOff();
        signal.removeEventListener('abort', gone);
        this.#leave(line, waiter);
      };
      const gone = (): void => (leave(), reject(callerGone()));
      const callOff = this.#time.after(within, () => (leave(), reject(busy())));
      const waiter = { go: () => (leave(), resolve()) };
      signal.addEventListener('abort', gone);
      this.#join(line, waiter);
      this.#drain();
    });
  }

  #join(line: Line, waiter: Waiter): void {
    this.#waiting++;
    if (line.waiting.size === 0) this.#turns.push(line);
    line.waiting.add(waiter);
  }

  #leave(line: Line, waiter: Waiter): void {
    if (!line.waiting.delete(waiter)) return;
    this.#waiting--;
    if (line.waiting.size === 0) this.#turns = this.#turns.filter((one) => one !== line);
  }

  #onceEnded(): () => void {
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#running--;
      this.#drain();
    };
  }

  /** Lets go whoever may go, a key after the other, and comes back when the next one may. */
  #drain(): void {
    const now = this.#time.now();
    while (this.#mayGo(now)) {
      const line = this.#turns.find(({ bucket }) => bucket.readyAt(now, 1) <= now);
      if (!line) break;
      this.#letGo(line, now);
    }
    this.#comeBack(now);
  }

  #mayGo(now: number): boolean {
    return this.#waiting > 0 && this.#running < CALL_LIMITS.atOnce && this.#all.readyAt(now, 1) <= now;
  }

  #letGo(line: Line, now: number): void {
    const [waiter] = line.waiting;
    this.#running++;
    this.#all.take(now);
    line.bucket.take(now);
    this.#turns = this.#turns.filter((one) => one !== line);
    if (line.waiting.size > 1) this.#turns.push(line);
    waiter?.go();
  }

  #comeBack(now: number): void {
    this.#callOff?.();
    this.#callOff = undefined;
    if (this.#waiting === 0 || this.#running >= CALL_LIMITS.atOnce) return;
    const first = Math.min(...this.#turns.map(({ bucket }) => bucket.readyAt(now, 1)));
    const ms = Math.max(1, Math.ceil(Math.max(first, this.#all.readyAt(now, 1)) - now));
    this.#callOff = this.#time.after(ms, () => this.#drain());
  }
}
