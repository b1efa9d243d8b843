import { sql, type Kysely } from 'kysely';
import type { PersonalData } from '#core/personal-data.ts';
import type { Schema } from './schema.ts';

export type Db = Kysely<Schema>;

/** What a part of the database knows of people. */
export type Personal = PersonalData<Db>;

/** Rows that are read at once. */
const READ = 5_000;

/** Rows that are gone through in one commit: whoever writes a message then waits for all of them. */
const SWEPT = 250;

/** A stretch of a table by its id: behind `from`, and up to `to` where there is more after it. */
export interface Stretch {
  from: string;
  to: string | undefined;
}

/** The next stretch, for one commit, of a table that has no index for what is looked for. */
export function stretchFrom(db: Db, table: Long, from = ''): Promise<Stretch> {
  return stretchOf(db, table, { from, rows: SWEPT });
}

type Long = 'messages' | 'audit' | 'answers';

async function stretchOf(db: Db, table: Long, { from, rows }: { from: string; rows: number }): Promise<Stretch> {
  const row = await db
    .selectFrom(table)
    .select('id')
    .where('id', '>', from)
    .orderBy('id')
    .offset(rows - 1)
    .limit(1)
    .executeTakeFirst();
  return { from, to: row?.id };
}

/** All stretches of a table, one after the other, for reading. */
export async function* stretchesOf(db: Db, table: Long): AsyncIterable<Stretch> {
  for (let from: string | undefined = ''; from !== undefined;) {
    const stretch: Stretch = await stretchOf(db, table, { from, rows: READ });
    yield stretch;
    from = stretch.to;
  }
}

/** Whether a row stands in the stretch. */
export function isIn(column: string, { from, to }: Stretch) {
  const id = sql.ref<string>(column);
  return to === undefined ? sql<boolean>`${id} > ${from}` : sql<boolean>`${id} > ${from} and ${id} <= ${to}`;
}

/** Where a person stands in a table. */
export interface Of {
  table: keyof Schema;
  column: string;
  ids: readonly string[];
}

/** The rows of a person, for an export: without what opens something, and without any digest of that. */
export async function* rowsOf(db: Db, of: Of): AsyncIterable<object> {
  const { rows } = await sql<object>`select * from ${sql.table(of.table)} where ${isOf(of)}`.execute(db);
  for (const row of rows) yield { table: of.table, ...withoutSecrets(row) };
}

export async function deleteRows(db: Db, of: Of): Promise<void> {
  await sql`delete from ${sql.table(of.table)} where ${isOf(of)}`.execute(db);
}

/** The rows stay; whose they were is not told any more. */
export async function clearRows(db: Db, of: Of): Promise<void> {
  await sql`update ${sql.table(of.table)} set ${sql.ref(of.column)} = null where ${isOf(of)}`.execute(db);
}

function isOf({ column, ids }: Of) {
  return sql`${sql.ref(column)} in (${sql.join(ids)})`;
}

function withoutSecrets(row: object): object {
  return Object.fromEntries(Object.entries(row).filter(([column]) => !SECRET.test(column)));
}

const SECRET = /(_hash|^sealed|^key_id|^last_step)$/;
