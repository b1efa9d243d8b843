import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { newSecret } from '#core/ids.ts';
import { writeFact } from '#storage/instance.ts';
import { migrate } from '#storage/migrate.ts';
import { meaningOf } from '#storage/postgres-errors.ts';
import { openSqlite } from '#storage/sqlite.ts';
import type { Storage } from '#storage/storage.ts';
import { RESTORED } from '#src/housekeeping.ts';
import { compareTables, copyTables, type Ways } from './copy-tables.ts';
import { inTransaction, postgresTables, type Connection } from './postgres-tables.ts';
import { atThisSchema } from './schema-of-file.ts';
import { sqliteTables } from './sqlite-tables.ts';
import { tableShapes, type TableShape } from './table-shapes.ts';

/** Writes what stands in a PostgreSQL database into an empty SQLite file, as it is at one moment, and compares every row. */
export async function fileFromPostgres(storage: Storage, file: string): Promise<void> {
  await refuseNewer(storage);
  await makeTables(file);
  const db = new DatabaseSync(file);
  try {
    const shapes = tableShapes(db);
    db.exec('begin');
    await onConnection(storage, (connection) =>
      inTransaction(connection, 'read only', async () => {
        const ways = { shapes, from: await postgresTables(connection, shapes), to: sqliteTables(db) };
        await copyAll(ways);
      }),
    );
    db.exec('commit');
  } finally {
    db.close();
  }
}

/**
 * Puts what a backup holds in the place of everything in a PostgreSQL database, in one commit: who reads meanwhile finds what
 * was there before, who writes waits. A file of an older version is brought up to date beside it.
 */
export async function postgresFromFile(storage: Storage, file: string): Promise<void> {
  await refuseNewer(storage);
  const db = new DatabaseSync(await ofThisVersion(file, `${file}.now`), { readOnly: true });
  try {
    const shapes = tableShapes(db);
    await unlessCollided(storage, (connection) =>
      inTransaction(connection, 'read write', async () => {
        await clear(connection, shapes);
        await copyAll({ shapes, from: sqliteTables(db), to: await postgresTables(connection, shapes) });
        await writeFact(connection, RESTORED, newSecret(16));
      }),
    );
  } finally {
    db.close();
  }
}

async function refuseNewer(storage: Storage): Promise<void> {
  if ((await migrate(storage)).newer) throw new Error('The database is of a newer Guildhall. Use that one.');
}

async function makeTables(file: string): Promise<void> {
  const storage = openSqlite(':memory:');
  try {
    await migrate(storage);
    await sql`vacuum into ${file}`.execute(storage.writer);
  } finally {
    await storage.close();
  }
}

function onConnection<T>(storage: Storage, work: (connection: Connection) => Promise<T>): Promise<T> {
  return storage.maintain((pool) => pool.connection().execute(work));
}

/** Who writes may hold the one table and wait for the other: then PostgreSQL ends one of both, and nothing was done. */
async function unlessCollided(storage: Storage, work: (connection: Connection) => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await onConnection(storage, work);
    } catch (error) {
      if (meaningOf(error) !== 'again' || tries === TRIES) throw error;
    }
  }
}

/** Each meets another writer: a few in a row are as good as certain to find a gap. */
const TRIES = 10;

async function copyAll(ways: Ways): Promise<void> {
  await copyTables(ways, new Map(), () => undefined);
  await compareTables(ways);
}

async function ofThisVersion(file: string, copy: string): Promise<string> {
  try {
    return await atThisSchema(file, copy);
  } catch (error) {
    throw new Error(`The backup is of another version: ${(error as Error).message}`, { cause: error });
  }
}

/** ms that whoever writes just now may take. */
const LOCKED_WITHIN = 10_000;

/** Nobody writes from here on; https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES */
async function clear(db: Connection, shapes: TableShape[]): Promise<void> {
  await sql`set local lock_timeout = ${sql.lit(LOCKED_WITHIN)}`.execute(db);
  const names = sql.join(shapes.map(({ name }) => sql.table(name)));
  await sql`lock table ${names} in exclusive mode`.execute(db);
  for (const { name, without } of shapes.toReversed()) {
    const but = without ? sql`where ${sql.ref(without.column)} <> ${without.value}` : sql``;
    await sql`delete from ${sql.table(name)} ${but}`.execute(db);
  }
}
