/** Places that a platform told to wait: whoever calls there, a step that had begun before too, asks here first. */
export class HeldPlaces {
  /** Until when, by `performance.now()`. */
  readonly #until = new Map<string, number>();

  /** ms until somebody may call there; 0 for now. */
  rest(place: string): number {
    const rest = (this.#until.get(place) ?? 0) - performance.now();
    if (rest > 0) return rest;
    this.#until.delete(place);
    return 0;
  }

  hold(place: string, ms: number): void {
    this.#until.set(place, performance.now() + ms);
    // The one that was noted first goes: its wait is most likely over.
    if (this.#until.size > REMEMBERED) this.#until.delete(this.#until.keys().next().value as string);
  }
}

const REMEMBERED = 1_000;
