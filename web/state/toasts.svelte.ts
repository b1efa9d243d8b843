export type Toast = { id: number; kind: 'good' | 'bad'; text: string };

/** Short words about what just happened, at the foot of the page for six seconds. */
class Toasts {
  shown = $state<Toast[]>([]);
  #next = 1;

  good(text: string): void {
    this.#add('good', text);
  }

  bad(text: string): void {
    this.#add('bad', text);
  }

  #add(kind: Toast['kind'], text: string): void {
    const id = this.#next++;
    this.shown = [...this.shown.slice(-1), { id, kind, text }];
    setTimeout(() => (this.shown = this.shown.filter((one) => one.id !== id)), 6_000);
  }
}

export const toasts = new Toasts();
