import type { Reply } from '#contracts/web.ts';
import { call } from './api.ts';

/** Any answer comes within 15 s; a hall that was started anew in between may take as long again. */
const REMEMBERED_MS = 60_000;

interface Question {
  id: string;
  text: string;
  at: number;
}

/** The commands that were accepted lately, to ask for answers that were said while the connection was away. */
export class Asked {
  #questions: Question[] = [];

  add(id: string, text: string): void {
    const now = Date.now();
    this.#questions = [...this.#questions.filter((one) => now - one.at < REMEMBERED_MS), { id, text, at: now }];
  }

  /** Private answers that exist by now. Each question is asked until its answer is there. */
  async answers(): Promise<{ text: string; at: number; reply: Reply }[]> {
    const found = await Promise.all(this.#questions.map((one) => this.#answerOf(one)));
    return found.filter((one) => one !== null);
  }

  async #answerOf(one: Question): Promise<{ text: string; at: number; reply: Reply } | null> {
    const job = await call<{ state: string; reply?: Reply }>(`/v1/jobs/${one.id}`).catch(() => null);
    if (!job || job.state === 'waiting') return null;
    this.#questions = this.#questions.filter(({ id }) => id !== one.id);
    return job.reply?.private ? { text: one.text, at: one.at, reply: job.reply } : null;
  }
}
