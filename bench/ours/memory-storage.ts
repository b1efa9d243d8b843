import { createRequire } from 'node:module';
import { ROOT } from './source.ts';

/** What the program's keeper writes to. */
export interface MemoryStorage {
  db: unknown;
  writer: unknown;
  write<T>(work: (tx: object) => Promise<T>): Promise<T>;
}

/**
 * A store without a database: queries are built as ever and then answered from here. Each request waits for its answer
 * when it is asked for the first time, as the inbox would have it. `onReply` hears the words of every reply.
 */
export async function memoryStorage(onReply: (words: string) => void): Promise<MemoryStorage> {
  const kysely = (await import(createRequire(ROOT).resolve('kysely'))) as Kysely;
  const db = new kysely.Kysely({ dialect: dialect(kysely) });
  const tx = {
    db,
    publish: async (_channel: string, body: { reply?: { text: string } }): Promise<void> => {
      const kept = JSON.parse(JSON.stringify(body)) as typeof body;
      if (kept.reply) onReply(kept.reply.text);
    },
  };
  return { db, writer: db, write: (work) => work(tx) };
}

interface Kysely {
  Kysely: new (options: { dialect: object }) => unknown;
  SqliteAdapter: new () => object;
  SqliteIntrospector: new (db: unknown) => object;
  SqliteQueryCompiler: new () => object;
}

function dialect(kysely: Kysely): object {
  const connection = { executeQuery: async (query: Query) => answer(query), streamQuery: () => undefined };
  const nothing = async (): Promise<void> => undefined;
  const driver = {
    init: nothing,
    acquireConnection: async () => connection,
    releaseConnection: nothing,
    beginTransaction: nothing,
    commitTransaction: nothing,
    rollbackTransaction: nothing,
    destroy: nothing,
  };
  return {
    createAdapter: () => new kysely.SqliteAdapter(),
    createDriver: () => driver,
    createIntrospector: (db: unknown) => new kysely.SqliteIntrospector(db),
    createQueryCompiler: () => new kysely.SqliteQueryCompiler(),
  };
}

interface Query {
  sql: string;
  parameters: readonly unknown[];
}

/** The last thousand answers and audit entries, so that memory stays bounded. */
const kept: unknown[] = [];

function answer(query: Query): { rows: object[]; numAffectedRows?: bigint } {
  kept.push(query.parameters);
  if (kept.length > 1_000) kept.length = 0;
  if (query.sql.includes(' returning ')) return { rows: [{ id: 'job' }] };
  return { rows: [], numAffectedRows: 1n };
}
