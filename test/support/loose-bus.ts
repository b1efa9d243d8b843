import type { LiveEvent } from '#core/live.ts';

/** What becomes of one event on its way to one hall. */
export type Fate = 'soon' | 'twice' | 'late' | 'lost';

interface OnTheWay {
  to: number;
  event: LiveEvent;
}

/**
 * Joins halls as a bad network would: what one announces it hears itself at once; the others hear it with the next turn of
 * the loop, twice, only when the late ones are let go, or never.
 */
export class LooseBus {
  /** What becomes of what is announced from now on, one after the other and from the start again. */
  fates: readonly Fate[] = ['soon'];
  readonly #halls: ((event: LiveEvent) => void)[] = [];
  readonly #late: OnTheWay[] = [];
  #count = 0;

  /** Gives how this hall announces. */
  join(hear: (event: LiveEvent) => void): (event: LiveEvent) => void {
    const self = this.#halls.push(hear) - 1;
    return (event) => {
      const text = JSON.stringify(event);
      hear(JSON.parse(text));
      for (const to of this.#halls.keys()) if (to !== self) this.#send({ to, event: JSON.parse(text) });
    };
  }

  /** Lets go what is late, the last first. */
  letGo(): void {
    for (const one of this.#late.splice(0).toReversed()) this.#arrive(one);
  }

  #send(one: OnTheWay): void {
    const fate = this.fates[this.#count++ % this.fates.length];
    if (fate === 'late') this.#late.push(one);
    if (fate === 'soon' || fate === 'twice') setImmediate(() => this.#arrive(one));
    if (fate === 'twice') setImmediate(() => this.#arrive(one));
  }

  #arrive({ to, event }: OnTheWay): void {
    this.#halls[to]?.(event);
  }
}
