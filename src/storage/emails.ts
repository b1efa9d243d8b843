import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** An account as mail reaches it. */
export interface Reached {
  account: string;
  username: string;
  name: string;
  email: string;
}

/** Whom a username or an address stands for, where mail may go there: verified, and not disabled. */
export async function findReached(db: Db, by: { username: string } | { email: string }): Promise<Reached | undefined> {
  const query = db
    .selectFrom('accounts')
    .select(['id as account', 'username', 'name', 'email'])
    .where('email_verified_at', 'is not', null)
    .where('disabled_at', 'is', null);
  const row = await (
    'username' in by ? query.where('username', '=', by.username.toLowerCase()) : query.where('email', '=', by.email)
  ).executeTakeFirst();
  return row?.email ? { ...row, email: row.email } : undefined;
}

export async function findEmail(db: Db, account: string): Promise<{ email: string; verifiedAt: number } | undefined> {
  const row = await db
    .selectFrom('accounts')
    .select(['email', 'email_verified_at'])
    .where('id', '=', account)
    .executeTakeFirst();
  return row?.email && row.email_verified_at !== null
    ? { email: row.email, verifiedAt: row.email_verified_at }
    : undefined;
}

/** Keeps a verified address; null for none. */
export async function setEmail(
  db: Db,
  account: string,
  kept: { email: string; verifiedAt: number } | null,
): Promise<void> {
  await db
    .updateTable('accounts')
    .set({ email: kept?.email ?? null, email_verified_at: kept?.verifiedAt ?? null })
    .where('id', '=', account)
    .execute();
}

/** Whether another account has verified it. */
export async function isTaken(db: Db, email: string, account: string): Promise<boolean> {
  const row = await db
    .selectFrom('accounts')
    .select('id')
    .where('email', '=', email)
    .where('email_verified_at', 'is not', null)
    .where('id', '!=', account)
    .executeTakeFirst();
  return row !== undefined;
}
