import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

export interface SecondFactor {
  /** Null while it is being set up: it asks for nothing yet. */
  confirmedAt: number | null;
  /** The newest time step that a code was taken for. */
  lastStep: number;
  createdAt: number;
}

export async function findFactor(db: Db, account: string): Promise<SecondFactor | undefined> {
  const row = await db.selectFrom('second_factors').selectAll().where('account_id', '=', account).executeTakeFirst();
  return row && { confirmedAt: row.confirmed_at, lastStep: row.last_step, createdAt: row.created_at };
}

/** Begins one, in the place of another that was never confirmed. */
export async function putFactor(db: Db, account: string, at: number): Promise<void> {
  const set = { confirmed_at: null, last_step: 0, created_at: at };
  await db
    .insertInto('second_factors')
    .values({ account_id: account, ...set })
    .onConflict((conflict) => conflict.column('account_id').doUpdateSet(set))
    .execute();
}

export async function confirmFactor(db: Db, account: string, at: number): Promise<void> {
  await db.updateTable('second_factors').set({ confirmed_at: at }).where('account_id', '=', account).execute();
}

/** Takes a code's time step; false where this one or a newer one was taken meanwhile. */
export async function takeStep(db: Db, account: string, step: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('second_factors')
    .set({ last_step: step })
    .where('account_id', '=', account)
    .where('last_step', '<', step)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Ends it, with its recovery codes. False where there was none. */
export async function deleteFactor(db: Db, account: string): Promise<boolean> {
  await db.deleteFrom('recovery_codes').where('account_id', '=', account).execute();
  const { numDeletedRows } = await db.deleteFrom('second_factors').where('account_id', '=', account).executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Keeps the hashes of new recovery codes in the place of all before. */
export async function putRecoveryCodes(db: Db, account: string, hashes: string[]): Promise<void> {
  await db.deleteFrom('recovery_codes').where('account_id', '=', account).execute();
  const rows = hashes.map((hash) => ({ account_id: account, code_hash: hash, used_at: null }));
  await db.insertInto('recovery_codes').values(rows).execute();
}

/** Uses one up; false where there is no such one, or it was used. */
export async function useRecoveryCode(db: Db, account: string, hash: string, at: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('recovery_codes')
    .set({ used_at: at })
    .where('account_id', '=', account)
    .where('code_hash', '=', hash)
    .where('used_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function countRecoveryCodes(db: Db, account: string): Promise<number> {
  const { count } = await db
    .selectFrom('recovery_codes')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('account_id', '=', account)
    .where('used_at', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(count);
}
