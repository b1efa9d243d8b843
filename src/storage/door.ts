import { sql, type Kysely } from 'kysely';
import { hot } from './hot.ts';
import { notStored, outcomeUnknown } from './not-stored.ts';
import type { Schema } from './schema.ts';

/** What a writer works with: the open transaction, and the outbox in it. */
export interface Tx {
  db: Kysely<Schema>;
  /** What must follow from this commit. Sent after it, at least once. */
  publish(channel: string, body: unknown): Promise<void>;
}

/** Changes the database and nothing else: where another work of its commit throws, or the commit lost a race, it is run again. */
export type Work<T> = (tx: Tx) => Promise<T>;

/** `again`: the transaction lost a race. `away`: the database is of no use just now. `wrong`: the work's own affair. */
type Meaning = 'again' | 'away' | 'wrong';

export interface DoorOptions {
  /** How a transaction begins: SQLite takes the write lock at once. */
  begin: 'begin' | 'begin immediate';
  /** How it ends, `published` telling whether it holds outbox rows; `commit` unless given. */
  commit?(published: boolean): string;
  /** Works in one commit, at most. 1 is a commit per work (for benchmarks). */
  batch?: number;
  /** For a database with one connection: runs a statement that only steers the transaction. */
  steer?(statement: string): void;
  /** For a database that others write too, or that may go away: what an error says of the transaction. */
  meaningOf?(error: unknown): Meaning;
  /** Called after each commit that holds outbox rows, with their channels. */
  published(channels: ReadonlySet<string>): void;
}

/**
 * The one way to write. Works that wait are committed together: one transaction, in the order they came.
 * A work that throws undoes itself alone. Each caller is told after the commit; when that fails, all of them are.
 */
export class Door {
  readonly #db: Kysely<Schema>;
  readonly #options: DoorOptions;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(db: Kysely<Schema>, options: DoorOptions) {
    this.#db = db;
    this.#options = options;
  }

  write<T>(work: Work<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
      this.#running ??= this.#drain();
    });
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #drain(): Promise<void> {
    // One turn of the loop first: what arrives together is committed together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#options.batch ?? 512);
      // Where there is no connection, those behind would only wait for the same.
      await this.#connected((db) => this.#commit(db, batch)).catch((error: unknown) =>
        refuseAll([...batch, ...this.#waiting.splice(0)], notStored(error)),
      );
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#running = undefined;
  }

  /** Where there is one connection only, it needs no taking. */
  #connected(work: (db: Kysely<Schema>) => Promise<void>): Promise<void> {
    return this.#options.steer ? work(this.#db) : this.#db.connection().execute(work);
  }

  /** All works in one transaction; where one throws, the same again with a savepoint around each, so that it undoes itself alone. */
  async #commit(db: Kysely<Schema>, batch: Waiting[], tries = 1): Promise<void> {
    const steer = async (statement: string): Promise<void> =>
      this.#options.steer ? this.#options.steer(statement) : run(db, statement);
    const { begin, commit, meaningOf } = this.#options;
    const published = new Set<string>();
    const transaction: Transaction = { steer, tx: txOf(db, published), ...(meaningOf && { meaningOf }) };
    let results: Told[] | undefined;
    let committing = false;
    try {
      await steer(begin);
      results = await together(transaction, batch);
      if (!results) {
        await steer('rollback').catch(() => undefined);
        published.clear();
        await steer(begin);
        results = await apart(transaction, batch);
      }
      committing = true;
      await steer(commit?.(published.size > 0) ?? 'commit');
    } catch (error) {
      await steer('rollback').catch(() => undefined);
      const meaning = meaningOf?.(error) ?? 'wrong';
      if (meaning === 'again' && tries < TRIES) return this.#commitLater(db, batch, tries);
      // What waits behind would be stored before what is asked again: the order of the calls holds for failures, too.
      if (meaning === 'away') refuseAll(this.#waiting.splice(0), notStored(error));
      return refuseAll(batch, committing && meaning === 'away' ? outcomeUnknown(error) : notStored(error));
    }
    for (const tell of results) tell();
    if (published.size > 0) this.#options.published(published);
  }

  /** By chance, so that those who met do not meet again. */
  async #commitLater(db: Kysely<Schema>, batch: Waiting[], tries: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * tries * PAUSE_MS));
    return this.#commit(db, batch, tries + 1);
  }
}

/** Times that a batch is run: to lose a race five times, others must win five. */
const TRIES = 5;

/** ms before the second try at most; before later ones more. */
const PAUSE_MS = 20;

function txOf(db: Kysely<Schema>, published: Set<string>): Tx {
  return {
    db,
    async publish(channel, body) {
      published.add(channel);
      await insertOutbox(db, channel, JSON.stringify(body), Date.now());
    },
  };
}

const insertOutbox = hot<[channel: string, body: string, at: number], never>(3, (db, [channel, body, at]) =>
  db.insertInto('outbox').values({ channel, body, created_at: at }),
);

interface Waiting {
  work: Work<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

interface Transaction extends Pick<DoorOptions, 'meaningOf'> {
  steer(statement: string): Promise<void>;
  tx: Tx;
}

/** Tells a caller how its work ended. */
type Told = () => void;

/** The common way, without the cost of savepoints. Undefined where a work threw: then nothing of it counts. */
async function together({ tx, meaningOf }: Transaction, batch: Waiting[]): Promise<Told[] | undefined> {
  const results: Told[] = [];
  try {
    for (const { work, resolve } of batch) {
      const value = await work(tx);
      results.push(() => resolve(value));
    }
    return results;
  } catch (error) {
    if (meaningOf && meaningOf(error) !== 'wrong') throw error;
    return undefined;
  }
}

async function apart(transaction: Transaction, batch: Waiting[]): Promise<Told[]> {
  const results: Told[] = [];
  for (const waiting of batch) results.push(await attempt(transaction, waiting));
  return results;
}

async function attempt({ steer, tx, meaningOf }: Transaction, { work, resolve, reject }: Waiting): Promise<Told> {
  await steer('savepoint work');
  try {
    const value = await work(tx);
    await steer('release work');
    return () => resolve(value);
  } catch (error) {
    if (meaningOf && meaningOf(error) !== 'wrong') throw error;
    await steer('rollback to work');
    await steer('release work');
    return () => reject(error);
  }
}

const STATEMENTS = new Map<string, ReturnType<ReturnType<typeof sql.raw>['compile']>>();

async function run(db: Kysely<Schema>, text: string): Promise<void> {
  let compiled = STATEMENTS.get(text);
  if (!compiled) STATEMENTS.set(text, (compiled = sql.raw(text).compile(db)));
  await db.executeQuery(compiled);
}

function refuseAll(batch: Waiting[], error: Error): void {
  for (const { reject } of batch) reject(error);
}
