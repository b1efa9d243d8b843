import { readChanges } from '#chat/catch-up.ts';
import type { Hall } from '#http/hall.ts';
import type { Hub } from './hub.ts';
import type { Few } from './reads.ts';
import { lookAtAll } from './sight.ts';

/** ms from the first sign of a loss to the looking: several signs come together, and what is only late comes by itself. */
const LOOK_AFTER = 1_000;
/** ms until the next try where the database is away. */
const TRY_AGAIN = 5_000;
/** ms that are looked back further: machines' clocks differ, and a commit is announced a little after its time. */
const SLACK = 60_000;

export interface LookAgainParts {
  hall: Hall;
  hub: Hub;
  few: Few;
  onError(error: unknown): void;
}

/**
 * After something of another hall was lost: what no number shows is read again. Edits and deletions among the newest
 * messages of followed rooms are told once more, and who may see other rooms than before is told to look.
 */
export class LookAgain {
  readonly #parts: LookAgainParts;
  /** From when on (ms since 1970) something may be lost; undefined where all was looked at. */
  #since: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #stopped = false;

  constructor(parts: LookAgainParts) {
    this.#parts = parts;
  }

  lost(since: number): void {
    this.#since = Math.min(since, this.#since ?? since);
    this.#wait(LOOK_AFTER);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#stopped = true;
  }

  #wait(ms: number): void {
    if (!this.#looking && !this.#stopped) this.#timer ??= setTimeout(() => void this.#look(), ms).unref();
  }

  async #look(): Promise<void> {
    const since = this.#since ?? Date.now();
    this.#since = undefined;
    this.#timer = undefined;
    this.#looking = true;
    let well = true;
    try {
      await this.#changes(since - SLACK);
      await lookAtAll(this.#parts.hall, this.#parts.hub, this.#parts.few);
    } catch (error) {
      this.#parts.onError(error);
      this.#since = Math.min(since, this.#since ?? since);
      well = false;
    }
    this.#looking = false;
    if (this.#since !== undefined) this.#wait(well ? LOOK_AFTER : TRY_AGAIN);
  }

  async #changes(since: number): Promise<void> {
    const { hall, hub, few } = this.#parts;
    const look = async (room: string): Promise<void> => {
      for (const event of await readChanges(hall.chat, room, since)) hub.deliver(event);
    };
    await Promise.all(hub.followed().map((room) => few(() => look(room))));
  }
}
