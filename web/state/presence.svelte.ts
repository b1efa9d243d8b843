type Who = { id: string; name: string };

const WRITING_MS = 5_000;

/** Who is in a room now, and who of them is writing. */
export class Presence {
  here = $state<Who[]>([]);
  writing = $state<Who[]>([]);
  #timers = new Map<string, ReturnType<typeof setTimeout>>();

  reset(): void {
    this.here = [];
  }

  change({ here, left }: { here: Who[]; left: Who[] }): void {
    const gone = new Set([...left, ...here].map((who) => who.id));
    this.here = [...this.here.filter((who) => !gone.has(who.id)), ...here];
    for (const who of left) this.stopped(who.id);
  }

  has(id: string): boolean {
    return this.here.some((who) => who.id === id);
  }

  typing(who: Who): void {
    clearTimeout(this.#timers.get(who.id));
    if (!this.#timers.has(who.id)) this.writing = [...this.writing, who];
    this.#timers.set(
      who.id,
      setTimeout(() => this.stopped(who.id), WRITING_MS),
    );
  }

  stopped(id: string): void {
    if (!this.#timers.has(id)) return;
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.writing = this.writing.filter((who) => who.id !== id);
  }
}
