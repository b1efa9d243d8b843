interface Due {
  at: number;
  /** Of several at one time the first that was asked for goes first. */
  n: number;
  act: () => void;
  /** ms until it is due again; undefined for once. */
  every: number | undefined;
}

/**
 * Time that passes only when a test says so, for timers, `Date.now` and `performance.now`. (The mock
 * timers of node:test run intervals late or twice where several are due together.)
 */
export class FakeTime {
  now = 1_000_000;
  readonly #clocks = { date: Date.now, performance: performance.now };
  readonly #real = { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval };
  readonly #waiting = new Set<Due>();
  #n = 0;

  constructor() {
    const add = (act: () => void, ms: number, every?: number): unknown => {
      const due = { at: this.now + ms, n: this.#n++, act, every };
      this.#waiting.add(due);
      return Object.assign(due, { unref: () => due });
    };
    const end = (due: unknown): void => void this.#waiting.delete(due as Due);
    Date.now = () => this.now;
    performance.now = () => this.now;
    Object.assign(globalThis, {
      setTimeout: (act: () => void, ms = 0) => add(act, ms),
      setInterval: (act: () => void, ms = 0) => add(act, ms, ms),
      setImmediate: (act: () => void) => add(act, 0),
      clearTimeout: end,
      clearInterval: end,
    });
  }

  /** Lets time pass, and does what is due meanwhile. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.now = Math.max(this.now, next.at);
      this.#waiting.delete(next);
      if (next.every !== undefined) {
        next.at = this.now + next.every;
        this.#waiting.add(next);
      }
      next.act();
    }
    this.now = end;
  }

  /** Time passes without anything done in it, as while a process is stopped. */
  stand(ms: number): void {
    this.now += ms;
  }

  /** The real time again. */
  end(): void {
    Object.assign(globalThis, this.#real);
    Date.now = this.#clocks.date;
    performance.now = this.#clocks.performance;
  }

  #next(end: number): Due | undefined {
    let next: Due | undefined;
    for (const due of this.#waiting)
      if (due.at <= end && (!next || due.at < next.at || (due.at === next.at && due.n < next.n))) next = due;
    return next;
  }
}
