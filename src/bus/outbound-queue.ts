/** Says when something may go to a room. */
export interface Pace {
  /** ms until an item for this room may go; 0 for now. `rooms`: all that have something waiting, this one included. */
  wait(room: string, now: number, rooms: Iterable<string>): number;
  /** Counts one that goes now. */
  took(room: string, now: number): void;
}

/** Time, so that tests can run ten minutes of it in a moment. */
export interface Timer {
  /** ms since 1970, going on evenly: not by where the system's clock is set while we run. */
  now(): number;
  /** Returns what calls it off. */
  after(ms: number, act: () => void): () => void;
}

export const SYSTEM_TIMER: Timer = {
  // ms since 1970 as the process began, and from there on a clock that nobody sets.
  now: () => performance.timeOrigin + performance.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

export interface OutboundOptions {
  pace: Pace;
  /** Steps on their way at once, over all rooms. */
  atOnce: number;
  timer?: Timer;
}

/** One wire message. Throwing `TryLater` keeps it and all behind it in its room; anything else ends its item. */
export type Step = () => Promise<void>;

/** Thrown by a step: the same step again after so many ms. */
export class TryLater extends Error {
  readonly ms: number;
  /** Whether all rooms have to wait as well. */
  readonly everywhere: boolean;

  constructor(ms: number, options: { everywhere?: boolean; cause?: unknown } = {}) {
    super(`try again in ${ms} ms`, { cause: options.cause });
    this.ms = ms;
    this.everywhere = options.everywhere ?? false;
  }
}

/** The queue was stopped with the item still in it: it is sent after the next start. */
export class Stopped extends Error {
  constructor() {
    super('the queue was stopped');
  }
}

/** What our own database could not do just now is tried again in its place: the order within the room stays. For use in steps. */
export async function orLater<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new TryLater(OURS_AGAIN_MS, { cause });
  }
}

const OURS_AGAIN_MS = 1_000;

interface Item {
  steps: Step[];
  done(): void;
  failed(error: unknown): void;
}

interface Lane {
  /** Begun: its steps stay together. */
  current: Item | undefined;
  replies: Item[];
  announcements: Item[];
  busy: boolean;
  notBefore: number;
}

export type Priority = 'reply' | 'announcement';

/**
 * Sends what rooms have waiting: within a room one at a time and in order, replies before announcements; between rooms in
 * turn; all within the platform's pace. An item is one answer, its steps the wire messages that it takes.
 */
export class OutboundQueue {
  readonly #pace: Pace;
  readonly #atOnce: number;
  readonly #timer: Timer;
  /** In the order of their turns. A room without anything waiting has no lane. */
  readonly #lanes = new Map<string, Lane>();
  #busy = 0;
  #notBefore = 0;
  #wakeUp: (() => void) | undefined;
  #stopped = false;
  #waiting = 0;
  #idle: (() => void) | undefined;

  constructor({ pace, atOnce, timer = SYSTEM_TIMER }: OutboundOptions) {
    this.#pace = pace;
    this.#atOnce = atOnce;
    this.#timer = timer;
  }

  /** Items that are not sent yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Resolves when the last step is done; rejects with what a step threw, or `Stopped`. */
  send(room: string, steps: Step[], priority: Priority = 'reply'): Promise<void> {
    if (this.#stopped) return Promise.reject(new Stopped());
    if (steps.length === 0) return Promise.resolve();
    this.#waiting++;
    return new Promise<void>((done, failed) => {
      let lane = this.#lanes.get(room);
      if (!lane)
        this.#lanes.set(
          room,
          (lane = { current: undefined, replies: [], announcements: [], busy: false, notBefore: 0 }),
        );
      const item = { steps: [...steps], done, failed };
      (priority === 'reply' ? lane.replies : lane.announcements).push(item);
      this.#pump();
    }).finally(() => this.#waiting--);
  }

  /** Lets what is on its way end, `graceMs` at most; the rest is rejected with `Stopped`. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    this.#callOff();
    if (this.#busy > 0)
      await new Promise<void>((resolve) => {
        const cancel = this.#timer.after(graceMs, resolve);
        this.#idle = () => {
          cancel();
          resolve();
        };
      });
    for (const { current, replies, announcements } of this.#lanes.values())
      for (const item of [current, ...replies, ...announcements]) item?.failed(new Stopped());
    this.#lanes.clear();
  }

  #pump(): void {
    this.#callOff();
    while (!this.#stopped && this.#busy < this.#atOnce) {
      const next = this.#next();
      if (next === undefined) return;
      if (typeof next === 'number') {
        // A step that sends by itself was here meanwhile.
        this.#callOff();
        this.#wakeUp = this.#timer.after(next, () => this.#pump());
        return;
      }
      void this.#take(...next);
    }
  }

  #callOff(): void {
    this.#wakeUp?.();
    this.#wakeUp = undefined;
  }

  /** The room whose turn it is; ms to wait where all must; undefined where nothing waits that could go. */
  #next(): [string, Lane] | number | undefined {
    const now = this.#timer.now();
    if (this.#notBefore > now) return this.#lanes.size > this.#busy ? this.#notBefore - now : undefined;
    let least: number | undefined;
    for (const [room, lane] of this.#lanes) {
      if (lane.busy) continue;
      const rest = lane.notBefore - now;
      const wait = rest > 0 ? rest : this.#pace.wait(room, now, this.#lanes.keys());
      if (wait <= 0) return [room, lane];
      least = Math.min(least ?? wait, wait);
    }
    return least;
  }

  async #take(room: string, lane: Lane): Promise<void> {
    const item = (lane.current ??= lane.replies.shift() ?? lane.announcements.shift()) as Item;
    this.#pace.took(room, this.#timer.now());
    lane.busy = true;
    this.#busy++;
    await this.#step(lane, item);
    lane.busy = false;
    this.#busy--;
    // To the end of the turns.
    this.#lanes.delete(room);
    if (lane.current || lane.replies.length + lane.announcements.length > 0) this.#lanes.set(room, lane);
    if (this.#busy === 0) this.#idle?.();
    this.#pump();
  }

  async #step(lane: Lane, item: Item): Promise<void> {
    try {
      await (item.steps[0] as Step)();
      item.steps.shift();
      if (item.steps.length > 0) return;
      item.done();
    } catch (error) {
      if (error instanceof TryLater) return this.#wait(lane, error);
      item.failed(error);
    }
    lane.current = undefined;
  }

  #wait(lane: Lane, { ms, everywhere }: TryLater): void {
    const until = this.#timer.now() + ms;
    lane.notBefore = until;
    if (everywhere) this.#notBefore = Math.max(this.#notBefore, until);
  }
}

/** At most `uses` in any `ms`, for each room by itself. */
export function roomPace(uses: number, ms: number): Pace {
  const rooms = new Map<string, number[]>();
  return {
    wait(room, now) {
      const times = rooms.get(room);
      const oldest = times?.length === uses ? times[0] : undefined;
      return oldest === undefined ? 0 : Math.max(0, oldest + ms - now);
    },
    took(room, now) {
      const times = rooms.get(room) ?? [];
      if (times.length === uses) times.shift();
      times.push(now);
      // The newest is last: rooms that nobody wrote to for long go first.
      rooms.delete(room);
      rooms.set(room, times);
      if (rooms.size > ROOMS_KEPT) rooms.delete(rooms.keys().next().value as string);
    },
  };
}

const ROOMS_KEPT = 10_000;

/** As fast as it comes: where the vendor's library keeps the limits. */
export const NO_PACE: Pace = { wait: () => 0, took: () => undefined };
