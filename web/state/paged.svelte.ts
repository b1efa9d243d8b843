import { call } from './api.ts';

const PAGE = 50;

/** A list that comes page by page, each beginning behind the last one of the page before. One more is asked for than is shown. */
export class Paged<Item extends { id: string }> {
  /** null: not here yet. */
  list = $state<Item[] | null>(null);
  /** There is more behind. */
  more = $state(false);
  readonly #path: string;
  readonly #name: string;

  /** `name`: the field of the answer that holds the list. */
  constructor(path: string, name: string) {
    this.#path = path;
    this.#name = name;
  }

  async load(): Promise<void> {
    this.list = await this.#page();
  }

  async next(): Promise<void> {
    const last = this.list?.at(-1);
    if (last) this.list = [...(this.list ?? []), ...(await this.#page(last.id))];
  }

  async #page(after?: string): Promise<Item[]> {
    const sign = this.#path.includes('?') ? '&' : '?';
    const behind = after === undefined ? '' : `&after=${after}`;
    const answer = await call<Record<string, Item[]>>(`${this.#path}${sign}limit=${PAGE + 1}${behind}`);
    const page = answer[this.#name] ?? [];
    this.more = page.length > PAGE;
    return page.slice(0, PAGE);
  }
}
