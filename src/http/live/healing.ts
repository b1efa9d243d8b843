import { readAfter, readNumbers } from '#chat/catch-up.ts';
import { LIMITS } from '#core/limits.ts';
import type { Hall } from '#http/hall.ts';
import type { AnswersInOrder } from './answers-in-order.ts';
import type { Hub } from './hub.ts';
import type { Few } from './reads.ts';

/** ms between two comparings of the rooms' numbers: what one waits at most for the last words before a silence, should they be lost. */
export const HEAL_EVERY = 2_000;

/** Rounds between two comparings of rooms that nobody follows: there only a mark that something is new is late. */
const WATCHED_EVERY = 5;

export interface HealingParts {
  hall: Pick<Hall, 'chat'>;
  hub: Hub;
  answers: AnswersInOrder;
  few: Few;
}

/** Makes good what another hall announced and what did not come, though no later message showed the hole. */
export class Healing {
  readonly #parts: HealingParts;
  #round = 0;

  constructor(parts: HealingParts) {
    this.#parts = parts;
  }

  /** One look. Rejects where the database is away. */
  async round(): Promise<void> {
    const { hall, hub } = this.#parts;
    for (const [room, seq] of await readNumbers(hall.chat, hub.followed())) hub.expect(room, seq);
    if (++this.#round % WATCHED_EVERY === 0) await this.#watched();
    await this.#answers();
  }

  async #watched(): Promise<void> {
    const { hall, hub, few } = this.#parts;
    const late: Promise<void>[] = [];
    for (const [room, seq] of await readNumbers(hall.chat, hub.watched())) {
      const after = hub.untoldAfter(room, seq);
      if (after !== undefined) late.push(few(() => this.#news(room, after, seq)));
    }
    await Promise.all(late);
  }

  /** Reads who was mentioned, in as much as is one page. */
  async #news(room: string, after: number, seq: number): Promise<void> {
    const { hall, hub } = this.#parts;
    for (const message of await readAfter(hall.chat, room, after, LIMITS.historyPage)) hub.news(room, message);
    hub.news(room, { seq });
  }

  async #answers(): Promise<void> {
    const { hub, answers } = this.#parts;
    const now = performance.now();
    const looks: Promise<void>[] = [];
    for (const socket of hub.sockets) {
      const due = socket.asked?.due(now) ?? [];
      if (due.length > 0) looks.push(answers.lookFor(socket, due));
    }
    await Promise.all(looks);
  }
}
