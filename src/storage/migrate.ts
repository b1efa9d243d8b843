import { sql, type Kysely } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';
import { first } from './migrations/0001-first.ts';
import { platforms } from './migrations/0002-platforms.ts';
import { processes } from './migrations/0003-processes.ts';
import { secrets } from './migrations/0004-secrets.ts';
import { communities } from './migrations/0005-communities.ts';
import { verification } from './migrations/0006-verification.ts';
import type { Schema } from './schema.ts';
import type { Dialect, Storage } from './storage.ts';

export interface Migrated {
  /** The number of the schema that is there now. */
  schema: number;
  /** It is one newer than this program knows: a newer one is being rolled out beside it. */
  newer: boolean;
}

/**
 * Brings the database to the newest schema, under a lock, so that of several processes that start at once one does it.
 * A schema that is one newer than this program is left as it is. Throws a sentence where it is newer still, where
 * PostgreSQL is too old, and when a step fails; nothing is half done.
 */
export async function migrate(storage: Pick<Storage, 'maintain' | 'dialect'>): Promise<Migrated> {
  const migrations = migrationsOf(storage.dialect);
  const known = Object.keys(migrations);
  return storage.maintain(async (db) => {
    if (storage.dialect === 'postgres') await refuseOldServer(db);
    const ahead = await newerThan(db, known);
    if (ahead) return ahead;
    const { error } = await new Migrator({ db, provider: { getMigrations: async () => migrations } }).migrateToLatest();
    // A newer program may have been there while this one waited for the lock.
    if (error) return (await newerThan(db, known)) ?? refuse(error);
    return { schema: known.length, newer: false };
  });
}

/** Every step from nothing to today's schema, in order. */
export function migrationsOf(dialect: Dialect): Record<string, Migration> {
  return {
    '0001-first': first(dialect),
    '0002-platforms': platforms(dialect),
    '0003-processes': processes(dialect),
    '0004-secrets': secrets(dialect),
    '0005-communities': communities(dialect),
    '0006-verification': verification(dialect),
  };
}

/** The oldest that is still cared for by its makers. https://www.postgresql.org/support/versioning/ */
const OLDEST = 14;

async function refuseOldServer(db: Kysely<Schema>): Promise<void> {
  const { rows } = await sql<{ number: string }>`select current_setting('server_version_num') as number`.execute(db);
  checkServer(Number(rows[0]?.number));
}

/** `version` as `server_version_num` gives it, such as 150020. Throws a sentence. */
export function checkServer(version: number): void {
  const major = Math.floor(version / 10_000);
  if (major < OLDEST)
    throw new Error(`The server is PostgreSQL ${major}. Guildhall needs ${OLDEST} or newer: upgrade the server first.`);
}

/** Undefined where this program knows all that was done. Throws where it is too old to run here. */
async function newerThan(db: Kysely<Schema>, known: string[]): Promise<Migrated | undefined> {
  const done = await migrationsDone(db);
  const unknown = done.filter((name) => !known.includes(name));
  if (unknown.length === 0) return undefined;
  if (unknown.length === 1 && done.length === known.length + 1) return { schema: done.length, newer: true };
  throw new Error(
    `The database is at schema ${done.length}, this program knows ${known.length} and runs on one newer at most. ` +
      'Start a newer Guildhall; nothing was changed.',
  );
}

async function migrationsDone(db: Kysely<Schema>): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === 'kysely_migration')) return [];
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  return rows.map(({ name }) => name);
}

function refuse(error: unknown): never {
  throw error;
}
