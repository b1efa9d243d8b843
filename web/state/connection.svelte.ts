/** What the thin line says. Nothing while all is well, and nothing in the first second of trouble. */
class Connection {
  line = $state<'none' | 'lost' | 'caught-up'>('none');
  #timer: ReturnType<typeof setTimeout> | undefined;

  lost(): void {
    if (this.line === 'lost' || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#show('lost'), 1_000);
  }

  caughtUp(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.line !== 'lost') return;
    this.line = 'caught-up';
    this.#timer = setTimeout(() => this.#show('none'), 2_000);
  }

  #show(line: 'none' | 'lost'): void {
    this.#timer = undefined;
    this.line = line;
  }
}

export const connection = new Connection();
