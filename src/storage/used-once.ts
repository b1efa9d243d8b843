import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** Uses up what counts once; false where it was used before. It is remembered until it would have ended anyway. */
export async function useOnce(db: Db, id: string, expiresAt: number): Promise<boolean> {
  const rows = await db
    .insertInto('used_once')
    .values({ id, expires_at: expiresAt })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .execute();
  return rows.length === 1;
}

/** Forgets what has ended. */
export async function deleteUsedOnce(db: Db, now: number): Promise<void> {
  await db.deleteFrom('used_once').where('expires_at', '<=', now).execute();
}
