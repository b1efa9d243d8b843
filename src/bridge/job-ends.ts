/** Whoever waits in this process for jobs to end, in whichever process they end. */
export class JobEnds {
  readonly #look: (ids: readonly string[]) => Promise<string[]>;
  readonly #waiting = new Set<Waiter>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  /** `look` gives those of the ids that have ended. */
  constructor(look: (ids: readonly string[]) => Promise<string[]>) {
    this.#look = look;
  }

  /** Resolves when the job has ended; rejects with the signal's reason where that comes first. */
  until(id: string, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { id, resolve };
    const stop = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    this.#waiting.add(waiter);
    this.#timer ??= setInterval(() => void this.#lookAround(), LOOK_MS);
    if (signal.aborted) stop();
    return promise.finally(() => {
      signal.removeEventListener('abort', stop);
      this.#waiting.delete(waiter);
      if (this.#waiting.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    });
  }

  /** The job has ended in this process. */
  ended(id: string): void {
    for (const waiter of this.#waiting) if (waiter.id === id) waiter.resolve();
  }

  /** A look that fails says nothing; the next one may. */
  async #lookAround(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const ids = [...new Set([...this.#waiting].map(({ id }) => id))];
    for (const id of await this.#look(ids).catch(() => [])) this.ended(id);
    this.#looking = false;
  }
}

interface Waiter {
  id: string;
  resolve(): void;
}

/** ms between two looks for what other processes ended: nobody waits for it but this process's own place for a job. */
const LOOK_MS = 500;
