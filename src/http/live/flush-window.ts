import { LIMITS } from '#core/limits.ts';

/**
 * When what gathers is written: at once after a quiet time, else at the end of a window that is as long as the last flush
 * took, 5 ms at most, so that writing takes half of the time at most.
 */
export class FlushWindow {
  readonly #flush: () => void;
  #last = 0;
  /** ms from one flush to the next, at least. */
  #window = 0;
  #timer: NodeJS.Timeout | NodeJS.Immediate | undefined;

  constructor(flush: () => void) {
    this.#flush = flush;
  }

  /** There is something to write. */
  schedule(): void {
    if (this.#timer) return;
    const left = this.#last + this.#window - performance.now();
    this.#timer = left < 0.5 ? setImmediate(this.#flush) : setTimeout(this.#flush, left);
  }

  /** Does the writing, now. */
  run(write: () => void): void {
    if (this.#timer && 'hasRef' in this.#timer) clearTimeout(this.#timer as NodeJS.Timeout);
    clearImmediate(this.#timer as NodeJS.Immediate);
    this.#timer = undefined;
    this.#last = performance.now();
    write();
    this.#window = Math.min(LIMITS.flushWindow, performance.now() - this.#last);
  }
}
