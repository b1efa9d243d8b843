import type { Kysely } from 'kysely';
import { hot } from './hot.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

export interface TokenRow {
  id: string;
  account: string;
  name: string;
  /** A JSON array. */
  scopes: string;
  createdAt: number;
  expiresAt: number | null;
  lastUsedAt: number | null;
}

export async function insertToken(db: Db, tokenHash: string, token: Omit<TokenRow, 'lastUsedAt'>): Promise<void> {
  await db
    .insertInto('tokens')
    .values({
      token_hash: tokenHash,
      id: token.id,
      account_id: token.account,
      name: token.name,
      scopes: token.scopes,
      created_at: token.createdAt,
      expires_at: token.expiresAt,
      last_used_at: null,
    })
    .execute();
}

export interface FoundToken {
  id: string;
  account_id: string;
  scopes: string;
  expires_at: number | null;
  last_used_at: number | null;
  username: string;
  name: string;
  operator: number;
}

/** The token of a hash with its person; nothing for one whose account is disabled. Expiry is for the caller to judge. */
export const findToken = hot<[tokenHash: string], FoundToken>(1, (db, [tokenHash]) =>
  db
    .selectFrom('tokens')
    .innerJoin('accounts', 'accounts.id', 'tokens.account_id')
    .select([
      'tokens.id',
      'account_id',
      'scopes',
      'expires_at',
      'last_used_at',
      'username',
      'accounts.name',
      'operator',
    ])
    .where('token_hash', '=', tokenHash)
    .where('disabled_at', 'is', null),
);

/** The account's tokens, the newest first. */
export async function listTokens(db: Db, account: string): Promise<TokenRow[]> {
  const rows = await db
    .selectFrom('tokens')
    .selectAll()
    .where('account_id', '=', account)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    account,
    name: row.name,
    scopes: row.scopes,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
  }));
}

/** How many of the account's tokens are good. */
export async function countTokens(db: Db, account: string, now: number): Promise<number> {
  const row = await db
    .selectFrom('tokens')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('account_id', '=', account)
    .where((e) => e.or([e('expires_at', 'is', null), e('expires_at', '>', now)]))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export async function touchTokens(db: Db, ids: string[], at: number): Promise<void> {
  await db.updateTable('tokens').set({ last_used_at: at }).where('id', 'in', ids).execute();
}

/** Ends one token of the account, or all. Returns the ids that ended. */
export async function deleteTokens(db: Db, account: string, id?: string): Promise<string[]> {
  let query = db.deleteFrom('tokens').where('account_id', '=', account);
  if (id !== undefined) query = query.where('id', '=', id);
  return (await query.returning('id').execute()).map((row) => row.id);
}

/** Forgets tokens that ended before a time. */
export async function deleteOldTokens(db: Db, before: number): Promise<void> {
  await db.deleteFrom('tokens').where('expires_at', '<=', before).execute();
}

/** Which of these tokens are good. */
export async function liveTokens(db: Db, ids: string[], now: number): Promise<string[]> {
  const rows = await db
    .selectFrom('tokens')
    .innerJoin('accounts', 'accounts.id', 'tokens.account_id')
    .select('tokens.id')
    .where('tokens.id', 'in', ids)
    .where((e) => e.or([e('expires_at', 'is', null), e('expires_at', '>', now)]))
    .where('disabled_at', 'is', null)
    .execute();
  return rows.map((row) => row.id);
}
