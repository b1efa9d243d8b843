import type { CommandPort } from '#http/hall.ts';
import type { Question } from './asked.ts';
import type { Few } from './reads.ts';
import type { LiveSocket } from './socket.ts';

export interface AnswerParts {
  answer: CommandPort['answer'];
  few: Few;
  tell(socket: LiveSocket, frame: unknown): void;
  onError(error: unknown): void;
}

/**
 * Private answers to what was asked on connections. What another hall announced may be lost, and shows when a later one
 * comes: the earlier is looked for first, so that a connection is told in the order of its questions.
 */
export class AnswersInOrder {
  readonly #parts: AnswerParts;
  /** What a connection is being told; the next waits for it. */
  readonly #tails = new WeakMap<LiveSocket, Promise<void>>();

  constructor(parts: AnswerParts) {
    this.#parts = parts;
  }

  /** Tells an answer that came, behind what was asked before it in its room and is answered too. */
  take(socket: LiveSocket, request: string | undefined, frame: unknown): void {
    const earlier = request === undefined ? [] : (socket.asked?.openBefore(request) ?? []);
    if (earlier.length === 0 && !this.#tails.has(socket)) return this.#parts.tell(socket, frame);
    void this.#next(socket, async () => {
      await this.#look(socket, earlier);
      this.#parts.tell(socket, frame);
    });
  }

  /** Looks whether these are answered by now, and tells it. */
  lookFor(socket: LiveSocket, questions: Question[]): Promise<void> {
    return this.#next(socket, () => this.#look(socket, questions));
  }

  #next(socket: LiveSocket, act: () => Promise<void>): Promise<void> {
    const before = this.#tails.get(socket) ?? Promise.resolve();
    const mine = before.then(act).finally(() => {
      if (this.#tails.get(socket) === mine) this.#tails.delete(socket);
    });
    this.#tails.set(socket, mine);
    return mine;
  }

  /** Where the database is away the later one is told all the same: nobody waits for what cannot be found. */
  async #look(socket: LiveSocket, questions: Question[]): Promise<void> {
    for (const question of questions)
      await this.#parts.few(() => this.#one(socket, question)).catch((error: unknown) => this.#parts.onError(error));
  }

  /** A public answer is a message of the room, and healed as one. */
  async #one(socket: LiveSocket, { id, room, text }: Question): Promise<void> {
    const answer = await this.#parts.answer(id);
    if (!answer?.reply || answer.state === 'waiting' || socket.asked?.answered(id) !== false) return;
    if (answer.reply.private) this.#parts.tell(socket, { type: 'private', room, reply: answer.reply, cause: { text } });
  }
}
