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

export type Work<T> = (tx: Tx) => Promise<T>;

export interface DoorOptions {
  /** How a transaction begins: SQLite takes the write lock at once. */
  begin: 'begin' | 'begin immediate';
  /** Works in one commit, at most. 1 is a commit per work (for benchmarks). */
  batch?: number;
  /** Runs a statement that only steers the transaction, where that has a shorter way than a query. */
  steer?(statement: string): void;
  /** Called after each commit that holds outbox rows. */
  published(): void;
}

/**
 * The one way to write. Works that wait are committed together: one transaction, a savepoint each, in the order they came.
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
      await this.#db
        .connection()
        .execute((db) => this.#commit(db, batch))
        .catch((error: unknown) => refuseAll(batch, error));
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#running = undefined;
  }

  async #commit(db: Kysely<Schema>, batch: Waiting[]): Promise<void> {
    const results: (() => void)[] = [];
    const steer = async (statement: string): Promise<void> =>
      this.#options.steer ? this.#options.steer(statement) : run(db, statement);
    let published = false;
    const tx: Tx = {
      db,
      async publish(channel, body) {
        published = true;
        await insertOutbox(db, channel, JSON.stringify(body), Date.now());
      },
    };
    try {
      await steer(this.#options.begin);
      for (const waiting of batch) results.push(await attempt(steer, tx, waiting));
      await steer('commit');
    } catch (error) {
      await steer('rollback').catch(() => undefined);
      return refuseAll(batch, error);
    }
    for (const tell of results) tell();
    if (published) this.#options.published();
  }
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

async function attempt(steer: Steer, tx: Tx, { work, resolve, reject }: Waiting): Promise<() => void> {
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
