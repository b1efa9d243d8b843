import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import {
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
} from 'kysely';
import { setDirect } from './direct.ts';
import { postThroughDoor } from './post.ts';
import type { Schema } from './schema.ts';
import { makeStorage, type Storage } from './storage.ts';

export interface SqliteOptions {
  /** Works in one commit, at most. */
  batch?: number;
}

/** Opens the database file, made where absent. `:memory:` lives as long as the process (tests, benchmarks). */
export function openSqlite(path: string, options: SqliteOptions = {}): Storage {
  const write = open(path, false);
  // Readers have a connection of their own, so that they never see a batch that is not committed yet.
  const read = path === ':memory:' ? write : open(path, true);
  const writer = kysely(write);
  const storage = makeStorage({
    dialect: 'sqlite',
    begin: 'begin immediate',
    steer: steering(write),
    reader: read === write ? writer : kysely(read),
    writer,
    post: postThroughDoor,
    ...options,
  });
  return {
    ...storage,
    async close() {
      await storage.close();
      // Kysely leaves open what was never asked anything.
      for (const db of [read, write]) if (db.isOpen) db.close();
    },
  };
}

function open(path: string, readOnly: boolean): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly, timeout: 5_000, enableForeignKeyConstraints: true });
  if (!readOnly) db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma journal_size_limit = 67108864;');
  db.exec('pragma cache_size = -16000; pragma temp_store = memory;');
  return db;
}

function kysely(db: DatabaseSync): Kysely<Schema> {
  const connection = new SqliteConnection(db);
  const made = new Kysely<Schema>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new SqliteDriver(db, connection),
      createIntrospector: (of) => new SqliteIntrospector(of),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
  setDirect(made, (sql, parameters) => connection.run(sql, parameters as SQLInputValue[]).rows);
  return made;
}

/** Begin, commit and savepoints come with every work: prepared once. */
function steering(db: DatabaseSync): (statement: string) => void {
  const prepared = new Map<string, StatementSync>();
  return (text) => {
    let statement = prepared.get(text);
    if (!statement) prepared.set(text, (statement = db.prepare(text)));
    statement.run();
  };
}

/** node:sqlite answers at once, so one connection serves everybody; only the door opens transactions. */
class SqliteDriver implements Driver {
  readonly #db: DatabaseSync;
  readonly #connection: SqliteConnection;

  constructor(db: DatabaseSync, connection: SqliteConnection) {
    this.#db = db;
    this.#connection = connection;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {}

  async beginTransaction(): Promise<void> {
    this.#db.exec('begin immediate');
  }

  async commitTransaction(): Promise<void> {
    this.#db.exec('commit');
  }

  async rollbackTransaction(): Promise<void> {
    this.#db.exec('rollback');
  }

  async destroy(): Promise<void> {
    this.#db.close();
  }
}

const STATEMENTS_KEPT = 500;
const NO_ROWS: unknown[] = [];

/** What node:sqlite tells of a statement that changed something. */
type StatementResultingChanges = ReturnType<StatementSync['run']>;

class SqliteConnection implements DatabaseConnection {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, { statement: StatementSync; reads: boolean }>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, ran } = this.run(query.sql, query.parameters as SQLInputValue[]);
    if (!ran) return { rows: rows as R[] };
    return { rows: [], numAffectedRows: BigInt(ran.changes), insertId: BigInt(ran.lastInsertRowid) };
  }

  /** `rows` of a statement that reads or returns, `ran` of any other. */
  run(text: string, parameters: SQLInputValue[]): { rows: unknown[]; ran?: StatementResultingChanges } {
    const { statement, reads } = this.#prepare(text);
    if (reads) return { rows: statement.all(...parameters) };
    return { rows: NO_ROWS, ran: statement.run(...parameters) };
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query);
  }

  #prepare(text: string): { statement: StatementSync; reads: boolean } {
    const kept = this.#statements.get(text);
    if (kept) return kept;
    const statement = this.#db.prepare(text);
    const made = { statement, reads: statement.columns().length > 0 };
    if (this.#statements.size >= STATEMENTS_KEPT) this.#statements.clear();
    this.#statements.set(text, made);
    return made;
  }
}
