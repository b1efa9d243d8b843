import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/** Runs a compiled statement without Kysely's way there, which costs more than SQLite's answer. Gives the rows. */
export type Direct = (sql: string, parameters: readonly unknown[]) => unknown[];

const ways = new WeakMap<Kysely<Schema>, Direct>();

/** Of a database whose one connection answers at once. */
export function setDirect(db: Kysely<Schema>, direct: Direct): void {
  ways.set(db, direct);
}

export function directOf(db: Kysely<Schema>): Direct | undefined {
  return ways.get(db);
}
