import { PostgresAdapter, sql, type Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/**
 * Waits until nobody else is in a work that named the same, and keeps others waiting until this work's commit: for what
 * decides by what it reads. Look after it, not before. SQLite has one writer, who is alone anyway.
 * https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
 */
export async function inTurn(db: Kysely<Schema>, what: string): Promise<void> {
  if (!(db.getExecutor().adapter instanceof PostgresAdapter)) return;
  await sql`select pg_advisory_xact_lock(hashtextextended(${`guildhall ${what}`}, 0))`.execute(db);
}
