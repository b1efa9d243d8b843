import type { Command, PersonInRoom } from '#contracts/web.ts';
import { chosen, type CommandHelp, filled, helpFor, type Mistake, mistakeIn, shownLine } from './command-line.ts';
import { hall } from './hall.svelte.ts';
import { matching, mentionAt, mentioned, type MentionTyped } from './mention-line.ts';
import type { OpenRoom } from './open-room.svelte.ts';

const MOST_PEOPLE = 8;
/** Seconds that a list of people is good enough for completion. */
const PEOPLE_FRESH_MS = 30_000;

/** What the palette offers now. */
export type Offer =
  | { kind: 'command'; command: Command }
  | { kind: 'choice'; text: string }
  | { kind: 'person'; person: PersonInRoom };

/** What is being written in one room: the draft, and what is offered for the word at the caret. */
export class Writer {
  caret = $state(0);
  selected = $state(0);
  /** The draft for which Escape closed the palette. */
  #shut = $state<string | null>(null);
  /** The line that was said to be wrong and is sent as it is when Enter comes again. */
  insisted = $state<string | null>(null);
  #people = $state<PersonInRoom[]>([]);
  #peopleAt = 0;
  readonly room: OpenRoom;
  readonly help: CommandHelp | null = $derived.by(() => this.#helpNow());
  readonly typed: MentionTyped | null = $derived.by(() => this.#mentionNow());
  readonly offers: Offer[] = $derived.by(() => this.#offersNow());
  readonly wrong: Mistake | null = $derived.by(() => this.#wrongNow());
  readonly isOpen: boolean = $derived(this.help !== null || (this.typed !== null && this.offers.length > 0));

  constructor(room: OpenRoom) {
    this.room = room;
  }

  /** After every key and press: where the caret is now. */
  moved(caret: number): void {
    if (caret === this.caret) return;
    this.caret = caret;
    this.selected = 0;
  }

  wrote(text: string, caret: number): void {
    this.room.write(text, shownLine(hall.commands, text) === text);
    this.caret = caret;
    this.selected = 0;
    this.#shut = null;
    this.insisted = null;
    if (mentionAt(text, caret)) void this.#loadPeople();
  }

  shut(): void {
    this.#shut = this.room.draft;
  }

  step(by: 1 | -1): void {
    const count = this.offers.length;
    if (count > 0) this.selected = (this.selected + by + count) % count;
  }

  /** Takes an offer; gives back where the caret goes. Null where nothing is offered. */
  take(offer = this.offers[this.selected]): number | null {
    if (!offer) return null;
    const next = this.#taken(offer);
    this.wrote(next.text, next.caret);
    return next.caret;
  }

  /** Whether Enter takes the offer, rather than send: a name that is not whole yet, or a person. */
  takesEnter(): boolean {
    const offer = this.offers[this.selected];
    if (offer?.kind === 'person') return true;
    return offer?.kind === 'command' && this.room.draft.trim() !== `/${offer.command.name}`;
  }

  /** Sends the draft. A line with a mistake is held back once, with the mistake said. True where words went out, and no command. */
  send(most: number): boolean {
    const text = this.room.draft.trim();
    if (text === '' || text.length > most) return false;
    if (this.insisted !== text && mistakeIn(hall.commands, text)) {
      this.insisted = text;
      this.#shut = null;
      return false;
    }
    this.room.say(text, shownLine(hall.commands, text));
    this.wrote('', 0);
    return !text.startsWith('/');
  }

  #helpNow(): CommandHelp | null {
    if (this.#shut === this.room.draft) return null;
    return helpFor(hall.commands, { text: this.room.draft, caret: this.caret });
  }

  #mentionNow(): MentionTyped | null {
    if (this.help || this.#shut === this.room.draft) return null;
    return mentionAt(this.room.draft, this.caret);
  }

  #offersNow(): Offer[] {
    if (this.help?.stage === 'choose') return this.help.options.map((command) => ({ kind: 'command', command }));
    if (this.help?.stage === 'fill') return this.help.options.map((text) => ({ kind: 'choice', text }));
    if (!this.typed) return [];
    const people = this.#people.map((person) => ({ ...person, here: this.room.presence.has(person.id) }));
    return matching(people, this.typed.query)
      .slice(0, MOST_PEOPLE)
      .map((person) => ({ kind: 'person', person }));
  }

  #wrongNow(): Mistake | null {
    if (this.help?.stage !== 'fill') return this.insisted === null ? null : mistakeIn(hall.commands, this.insisted);
    return this.help.mistake ?? (this.insisted === null ? null : mistakeIn(hall.commands, this.insisted));
  }

  #taken(offer: Offer): { text: string; caret: number } {
    if (offer.kind === 'command') return chosen(offer.command);
    if (offer.kind === 'choice') return filled({ text: this.room.draft, caret: this.caret }, offer.text);
    const typed = this.typed ?? { from: this.caret, query: '' };
    return mentioned(this.room.draft, { typed, username: offer.person.username });
  }

  async #loadPeople(): Promise<void> {
    if (Date.now() - this.#peopleAt < PEOPLE_FRESH_MS) return;
    this.#peopleAt = Date.now();
    try {
      this.#people = await this.room.people();
    } catch {
      this.#peopleAt = 0;
    }
  }
}
