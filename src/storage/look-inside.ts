import { sql, type Kysely } from 'kysely';
import type { Schema } from './schema.ts';
import type { Storage } from './storage.ts';

type Db = Kysely<Schema>;

/** What a database says of itself. */
export interface DatabaseFacts {
  name: 'PostgreSQL' | 'SQLite';
  version: string;
  bytes: number;
}

export async function readDatabaseFacts({ db, dialect }: Pick<Storage, 'db' | 'dialect'>): Promise<DatabaseFacts> {
  const asked =
    dialect === 'postgres'
      ? sql<Told>`select current_setting('server_version') as version, pg_database_size(current_database()) as bytes`
      : sql<Told>`select sqlite_version() as version, page_count * page_size as bytes from pragma_page_count, pragma_page_size`;
  const [told] = (await asked.execute(db)).rows;
  const version = told?.version.split(' ')[0] ?? '';
  return { name: dialect === 'postgres' ? 'PostgreSQL' : 'SQLite', version, bytes: Number(told?.bytes ?? 0) };
}

interface Told {
  version: string;
  bytes: number;
}

/** What waits, and since when the oldest of it does, ms since 1970. */
export interface QueueFacts {
  name: string;
  waiting: number;
  oldest: number | null;
}

/** Jobs that are not done, and what is committed and not yet taken, by its channel. */
export async function readQueueFacts(db: Db): Promise<QueueFacts[]> {
  const jobs = await db
    .selectFrom('jobs')
    .select([sql<number>`count(*)`.as('waiting'), sql<number | null>`min(created_at)`.as('oldest')])
    .where('state', '=', 'waiting')
    .executeTakeFirstOrThrow();
  const outbox = await db
    .selectFrom('outbox')
    .select(['channel', sql<number>`count(*)`.as('waiting'), sql<number | null>`min(created_at)`.as('oldest')])
    .groupBy('channel')
    .execute();
  const asFacts = (name: string, row: { waiting: number; oldest: number | null }): QueueFacts => ({
    name,
    waiting: Number(row.waiting),
    oldest: row.oldest === null ? null : Number(row.oldest),
  });
  return [asFacts('jobs', jobs), ...outbox.map((row) => asFacts(`outbox.${row.channel}`, row))];
}
