import type { Calls } from './calls.ts';
import { INTENTS, PRIVILEGED } from './discord.external.ts';

/** What is asked for at the gateway: beside what every bot may hear, that which the application's owner switched on. */
export class Intents {
  #bits = INTENTS;
  #isDropped = false;

  get bits(): number {
    return this.#bits;
  }

  has(intent: number): boolean {
    return (this.#bits & intent) !== 0;
  }

  /** Before a connection is opened; what cannot be asked stays as it was. */
  async look({ application }: Pick<Calls, 'application'>): Promise<void> {
    if (this.#isDropped) return;
    try {
      const { flags = 0 } = await application();
      const more = PRIVILEGED.filter((one) => flags & one.flags).map(({ intent }) => intent);
      this.#bits = more.reduce((bits, intent) => bits | intent, INTENTS);
    } catch {
      // The gateway says what is wrong.
    }
  }

  /** Discord does not allow more than every bot may hear, whatever the flags say: nothing more is asked for. False where nothing was. */
  drop(): boolean {
    const before = this.#bits;
    this.#isDropped = true;
    this.#bits = INTENTS;
    return before !== INTENTS;
  }
}
