import type { Timer } from '#bus/outbound-queue.ts';
import type { Times } from './slack.external.ts';

/** ms before the next try after so many failures: doubled each time up to a most, with a chance part so that not all come at once. */
export function backOff(failures: number, { retryFirst, retryMost }: Times): number {
  if (failures <= 0) return 0;
  const full = Math.min(retryMost, retryFirst * 2 ** Math.min(failures - 1, 20));
  return Math.round(full * (0.75 + Math.random() / 4));
}

/** Waits that can be ended early: all at once, for good. */
export class Pauses {
  readonly #timer: Timer;
  readonly #open = new Set<() => void>();
  #ended = false;

  constructor(timer: Timer) {
    this.#timer = timer;
  }

  /** Resolves after so many ms, or when `end` is called. */
  wait(ms: number): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#open.delete(done);
        resolve();
      };
      const cancel = this.#timer.after(ms, done);
      this.#open.add(done);
    });
  }

  end(): void {
    this.#ended = true;
    for (const done of this.#open) done();
  }
}
