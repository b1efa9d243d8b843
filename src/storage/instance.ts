import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

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
