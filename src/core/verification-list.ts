import type { BadRow, ReadRow } from './list-file.ts';
import type { By } from './moderation.ts';
import type { ListEntry } from './verification.ts';

/** How an entry stands. `over`: its time is; `denied`: its person said that somebody who asked is not them. */
export const ENTRY_STATES = ['verified', 'pending', 'unverified', 'denied', 'banned', 'over'] as const;
export type EntryState = (typeof ENTRY_STATES)[number];

/** An entry, with who is verified as it. */
export interface SeenEntry extends ListEntry {
  /** Where it came from: file, http, sql, oidc. */
  source: string;
  state: EntryState;
  /** An account, or `platform:id`, and how it was called; null where nobody is. */
  subject: string | null;
  person: string | null;
}

export interface ImportCounts {
  added: number;
  changed: number;
  same: number;
  removed: number;
  bad: number;
}

/** What happens to entries that a list does not name: they stay, they go, or those go that came from the same database. */
export type Missing = 'keep' | 'remove' | 'source';

export type ImportState = 'reading' | 'preview' | 'writing' | 'done' | 'dropped';

export interface SeenImport {
  id: string;
  state: ImportState;
  source: string;
  /** Which database, where it is one. */
  sourceName: string | null;
  missing: Missing;
  counts: ImportCounts;
  /** What is wrong with which rows; the first of them. */
  report: BadRow[];
  madeAt: number;
  /** Some of what it changes, for people to look at. */
  sample: { added: ListEntry[]; changed: ListEntry[]; removed: ListEntry[] };
}

/** A letter to everybody on the list who is not verified. */
export interface SeenReachOut {
  id: string;
  state: 'going' | 'done' | 'stopped';
  sent: number;
  madeAt: number;
}

/** A database of the operator's that a community may take its list from. */
export interface SeenSource {
  name: string;
  /** The community takes its list from it. */
  chosen: boolean;
  /** Its changes are taken without asking. */
  agreed: boolean;
  askedAt: number | null;
  nextAt: number | null;
  /** What the last time came to, in words. */
  result: string | null;
}

/** The list of people who may be verified. Who asks needs the permission; a change that ends somebody's right ends it in its own commit. */
export interface PeopleList {
  /** Looks a list through row by row and keeps it for a yes. Nothing is imported. 400 and 413 for what is no list. */
  preview(asked: { by: By; rows: AsyncIterable<ReadRow>; missing: Missing }): Promise<SeenImport>;
  imports(by: By): Promise<SeenImport[]>;
  import(by: By, id: string): Promise<SeenImport>;
  /** All of it is in force at once. 409 where rows are wrong and are not to be left out, or the list was changed meanwhile. */
  confirm(asked: { by: By; id: string; skipBad: boolean }): Promise<SeenImport>;
  drop(asked: { by: By; id: string }): Promise<void>;
  /** Both at once, for programs: all or nothing. */
  put(asked: { by: By; rows: AsyncIterable<ReadRow>; missing: Missing; skipBad: boolean }): Promise<SeenImport>;
  entry(by: By, userId: string): Promise<SeenEntry>;
  changeEntry(asked: { by: By; userId: string; change: EntryChange }): Promise<SeenEntry>;
  removeEntry(asked: { by: By; userId: string }): Promise<void>;
  entries(by: By, asked: EntriesWanted): Promise<{ entries: SeenEntry[]; next: string | null }>;
  /** All of them, some at a time. */
  all(by: By): Promise<AsyncIterable<SeenEntry[]>>;
  /** The newest letter to all; null where there was none. */
  reachOut(by: By): Promise<SeenReachOut | null>;
  /** Begins one. 409 while one is going. */
  startReachOut(by: By): Promise<SeenReachOut>;
  stopReachOut(by: By): Promise<void>;
  /** The community that a link of such a mail is of; undefined for a wrong one. */
  unsubscribing(door: string): Promise<{ community: string } | undefined>;
  unsubscribe(door: string): Promise<boolean>;
  sources(by: By): Promise<SeenSource[]>;
  /** Asks the database now; the first time, and where much would go, what it says waits for a yes. */
  sync(asked: { by: By; name: string }): Promise<SeenImport>;
  /** The list is taken from there no more. What came from there stays. */
  leaveSource(asked: { by: By; name: string }): Promise<void>;
  /** Asks the databases whose time has come: in processes that know them. */
  askSources(): Promise<void>;
}

/** The operator's databases. */
export interface ListDatabases {
  /** Those that a community may choose, and how often each is asked. */
  named(community: string): readonly { name: string; everyMs: number }[];
  /** What its query gives, row by row. Throws 502 `source-failed` in words without the address. */
  rows(community: string, name: string): AsyncIterable<Record<string, unknown>>;
}

/** As it is written in a file. */
export interface EntryChange {
  email?: string;
  name?: string;
  /** Null: without an end. */
  until?: string | null;
}

export interface EntriesWanted {
  state?: EntryState | undefined;
  /** The start of a user id, a name or an address. */
  query?: string | undefined;
  after?: string | undefined;
  limit: number;
}
