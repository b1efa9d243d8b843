import { sql, type Kysely } from 'kysely';
import { notReady } from '#core/errors.ts';
import { hot } from './hot.ts';
import type { Schema } from './schema.ts';

/** What a writer works with: the open transaction, and the outbox in it. */
export interface Tx {
  db: Kysely<Schema>;
  /** What must follow from this commit. Sent after it, at least once. */
  publish(channel: string, body: unknown): Promise<void>;
}

/** Changes the database and nothing else: where another work of its commit throws, it is run a second time. */
export type Work<T> = (tx: Tx) => Promise<T>;

export interface DoorOptions {
  /** How a transaction begins: SQLite takes the write lock at once. */
  begin: 'begin' | 'begin immediate';
  /** Works in one commit, at most. 1 is a commit per work (for benchmarks). */
  batch?: number;
  /** For a database with one connection: runs a statement that only steers the transaction. */
  steer?(statement: string): void;
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
      await this.#connected((db) => this.#commit(db, batch)).catch((error: unknown) => refuseAll(batch, error));
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#running = undefined;
  }

  /** Where there is one connection only, it needs no taking. */
  #connected(work: (db: Kysely<Schema>) => Promise<void>): Promise<void> {
    return this.#options.steer ? work(this.#db) : this.#db.connection().execute(work);
  }

  /** All works in one transaction; where one throws, the same again with a savepoint around each, so that it undoes itself alone. */
  async #commit(db: Kysely<Schema>, batch: Waiting[]): Promise<void> {
    const steer = async (statement: string): Promise<void> =>
      this.#options.steer ? this.#options.steer(statement) : run(db, statement);
    const published = new Set<string>();
    const tx = txOf(db, published);
    let results: Told[] | undefined;
    try {
      await steer(this.#options.begin);
      results = await together(tx, batch);
      if (!results) {
        await steer('rollback').catch(() => undefined);
        published.clear();
        await steer(this.#options.begin);
        results = await apart(steer, tx, batch);
      }
      await steer('commit');
    } catch (error) {
      await steer('rollback').catch(() => undefined);
      return refuseAll(batch, error);
    }
    for (const tell of results) tell();
    if (published.size > 0) this.#options.published(published);
  }
}

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

type Steer = (statement: string) => Promise<void>;

/** Tells a caller how its work ended. */
type Told = () => void;

/** The common way, without the cost of savepoints. Undefined where a work threw: then nothing of it counts. */
async function together(tx: Tx, batch: Waiting[]): Promise<Told[] | undefined> {
  const results: Told[] = [];
  try {
    for (const { work, resolve } of batch) {
      const value = await work(tx);
      results.push(() => resolve(value));
    }
    return results;
  } catch {
    return undefined;
  }
}

async function apart(steer: Steer, tx: Tx, batch: Waiting[]): Promise<Told[]> {
  const results: Told[] = [];
  for (const waiting of batch) results.push(await attempt(steer, tx, waiting));
  return results;
}

async function attempt(steer: Steer, tx: Tx, { work, resolve, reject }: Waiting): Promise<Told> {
  await steer('savepoint work');
  try {
    const value = await work(tx);
    await steer('release work');
    return () => resolve(value);
  } catch (error) {
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

function refuseAll(batch: Waiting[], cause: unknown): void {
  for (const { reject } of batch) reject(commitFailed(cause));
}

function commitFailed(cause: unknown): Error {
  const error = notReady(
    'not-stored',
    'It could not be stored, so nothing was changed. The operator sees why in the log.',
  );
  error.cause = cause;
  return error;
}
