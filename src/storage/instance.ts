import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/** The fact that a change of what communities decided leaves, new each time, so that every process looks anew. */
export const RULES_CHANGED = 'rules-changed';

/** A fact about the whole instance, by name. */
export async function readFact(db: Kysely<Schema>, key: string): Promise<string | undefined> {
  return (await db.selectFrom('instance').select('value').where('key', '=', key).executeTakeFirst())?.value;
}

export async function writeFact(db: Kysely<Schema>, key: string, value: string): Promise<void> {
  await db
    .insertInto('instance')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
}

/** The fact as it stands; `made` becomes it where there is none yet. Whoever comes first decides. */
export async function keepFact(db: Kysely<Schema>, key: string, made: string): Promise<string> {
  await db
    .insertInto('instance')
    .values({ key, value: made })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
  return (await readFact(db, key)) ?? made;
}

/** Every fact whose name begins so, by the rest of its name. */
export async function readFacts(db: Kysely<Schema>, prefix: string): Promise<Map<string, string>> {
  const rows = await db.selectFrom('instance').selectAll().where('key', 'like', `${prefix}%`).execute();
  return new Map(rows.map(({ key, value }) => [key.slice(prefix.length), value]));
}

export async function deleteFact(db: Kysely<Schema>, key: string): Promise<void> {
  await db.deleteFrom('instance').where('key', '=', key).execute();
}
