/** ms after which an answer that did not come is looked for; from look to look twice as long, to the second number. */
const FIRST_LOOK = 3_000;
const LAST_LOOK = 30_000;
/** Commands of one connection that are remembered, and answers that came before their question; the oldest go first. More than one person asks before they are answered. */
const REMEMBERED = 50;

export interface Question {
  id: string;
  room: string;
  text: string;
}

/**
 * Commands that were asked on one connection. A private answer is announced by the hall that has it, and is nowhere in a
 * room's numbers: what is not heard is looked for in the database. An answer that comes twice is told once.
 */
export class Asked {
  readonly #questions = new Map<string, Open>();
  /** Answered by another process before the commit of the question was known here, or asked on another connection. */
  readonly #early = new Set<string>();

  ask(question: Question): void {
    this.#questions.set(question.id, {
      ...question,
      over: this.#early.delete(question.id),
      lookAt: performance.now() + FIRST_LOOK,
      wait: FIRST_LOOK,
    });
    forgetOldest(this.#questions);
  }

  /** Notes that the answer is there. True where it was before. */
  answered(id: string): boolean {
    const question = this.#questions.get(id);
    const before = question ? question.over : this.#early.has(id);
    if (question) question.over = true;
    else forgetOldest(this.#early.add(id));
    return before;
  }

  /** What was asked before it in the same room, and is open. */
  openBefore(id: string): Question[] {
    const room = this.#questions.get(id)?.room;
    if (room === undefined) return [];
    const open: Question[] = [];
    for (const question of this.#questions.values()) {
      if (question.id === id) break;
      if (!question.over && question.room === room) open.push(question);
    }
    return open;
  }

  /** What should be looked for by now, each behind what was asked before it in its room and is open too. */
  due(now: number): Question[] {
    const due = new Set<Question>();
    for (const question of this.#questions.values()) {
      if (question.over || question.lookAt > now) continue;
      question.wait = Math.min(LAST_LOOK, question.wait * 2);
      question.lookAt = now + question.wait;
      for (const earlier of this.openBefore(question.id)) due.add(earlier);
      due.add(question);
    }
    return [...due];
  }
}

function forgetOldest(all: Map<string, unknown> | Set<string>): void {
  const [oldest] = all.keys();
  if (oldest !== undefined && all.size > REMEMBERED) all.delete(oldest);
}

interface Open extends Question {
  over: boolean;
  /** By `performance.now()`. */
  lookAt: number;
  wait: number;
}
