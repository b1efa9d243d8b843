import type { Found, FoundPage } from '#contracts/web.ts';
import { call } from './api.ts';
import { meantBy, peopleOfMine } from './find-person.ts';

/** What to look for. `from`: a name or username as it was typed; `since`: a day, as a date field gives it. */
export type Question = { words: string; from?: string; room?: string; since?: string };

/** The address of the page that asks this. */
export function searchPath({ words, from, room, since }: Question): string {
  const query = new URLSearchParams({ q: words });
  for (const [name, value] of Object.entries({ from, room, since })) if (value) query.set(name, value);
  return `/search?${query}`;
}

/** A search with what it has found so far. An answer that comes after a newer question is left out. */
export class Search {
  results = $state.raw<Found[]>([]);
  stage = $state<'quiet' | 'asking' | 'done' | 'failed' | 'nobody'>('quiet');
  /** Where to go on; none at the end. */
  next = $state<string | undefined>();
  #asked: Question = { words: '' };
  /** The account that `from` means. */
  #author: string | undefined;
  #turn = 0;

  async ask(question: Question): Promise<void> {
    this.#asked = question;
    if (question.words.trim() === '') return this.#forget();
    const turn = ++this.#turn;
    this.stage = 'asking';
    const author = question.from ? await authorOf(question.from).catch(() => undefined) : undefined;
    if (turn !== this.#turn) return;
    this.#author = author;
    if (question.from && author === undefined) return this.#forget('nobody');
    await this.#read([]);
  }

  /** What is older than what is shown. */
  async older(): Promise<void> {
    if (this.next !== undefined) await this.#read(this.results, this.next);
  }

  #forget(stage: 'quiet' | 'nobody' = 'quiet'): void {
    this.#turn++;
    this.results = [];
    this.next = undefined;
    this.stage = stage;
  }

  async #read(shown: Found[], before?: string): Promise<void> {
    const turn = ++this.#turn;
    this.stage = 'asking';
    try {
      const page = await this.#page(before);
      if (turn !== this.#turn) return;
      this.results = [...shown, ...page.results];
      this.next = page.next;
      this.stage = 'done';
    } catch {
      if (turn === this.#turn) this.stage = 'failed';
    }
  }

  /** A page may come empty though there is more: a few are asked for before the reader is. */
  async #page(before?: string): Promise<FoundPage> {
    const address = (from?: string) => addressOf(this.#asked, { author: this.#author, before: from });
    let page = await call<FoundPage>(address(before));
    for (let n = 1; n < EMPTY_PAGES && page.results.length === 0 && page.next !== undefined; n++)
      page = await call<FoundPage>(address(page.next));
    return page;
  }
}

const EMPTY_PAGES = 5;

/** Whoever is meant, in the first of my communities that has such a name. */
async function authorOf(typed: string): Promise<string | undefined> {
  return meantBy(typed, await peopleOfMine(typed))?.id;
}

type Narrowed = { author: string | undefined; before: string | undefined };

function addressOf({ words, room, since }: Question, { author, before }: Narrowed): string {
  const query = new URLSearchParams({ query: words, limit: '50' });
  if (author !== undefined) query.set('author', author);
  if (room) query.set('room', room);
  if (since) query.set('since', new Date(`${since}T00:00:00`).toISOString());
  if (before !== undefined) query.set('before', before);
  return `/v1/search?${query}`;
}

/** Where a message stands in its room. */
export function placeOf({ message }: Found): string {
  return `/rooms/${message.room}?at=${message.seq}`;
}

/** Around what was found, in pieces: marked ones are what was looked for. Long texts begin near the first of them. */
export function piecesOf({ message, marks }: Found): { text: string; marked: boolean }[] {
  const { text } = message;
  const first = marks[0]?.[0] ?? 0;
  const start = first > LEAD ? text.indexOf(' ', first - LEAD) + 1 : 0;
  const end = Math.min(text.length, start + SHOWN);
  const pieces: { text: string; marked: boolean }[] = start > 0 ? [{ text: '…', marked: false }] : [];
  let at = start;
  for (const [from, to] of marks.filter((mark) => mark[0] >= start && mark[1] <= end)) {
    if (from > at) pieces.push({ text: text.slice(at, from), marked: false });
    pieces.push({ text: text.slice(from, to), marked: true });
    at = to;
  }
  if (at < end) pieces.push({ text: text.slice(at, end), marked: false });
  return end < text.length ? [...pieces, { text: '…', marked: false }] : pieces;
}

/** Characters before the first mark, and in all. */
const LEAD = 80;
const SHOWN = 400;
