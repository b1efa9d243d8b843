import type { Kysely } from 'kysely';
import { hot } from './hot.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

export interface SessionRow {
  id: string;
  account: string;
  device: string;
  createdAt: number;
  lastSeenAt: number;
  idleMs: number;
  expiresAt: number;
}

export async function insertSession(db: Db, tokenHash: string, session: SessionRow): Promise<void> {
  await db
    .insertInto('sessions')
    .values({
      token_hash: tokenHash,
      id: session.id,
      account_id: session.account,
      device: session.device,
      idle_ms: session.idleMs,
      created_at: session.createdAt,
      last_seen_at: session.lastSeenAt,
      expires_at: session.expiresAt,
    })
    .execute();
}

export interface FoundSession {
  id: string;
  account_id: string;
  idle_ms: number;
  last_seen_at: number;
  expires_at: number;
  username: string;
  name: string;
  operator: number;
}

/** The session of a token's hash with its person; nothing for one whose account is disabled. Expiry is for the caller to judge. */
export const findSession = hot<[tokenHash: string], FoundSession>(1, (db, [tokenHash]) =>
  db
    .selectFrom('sessions')
    .innerJoin('accounts', 'accounts.id', 'sessions.account_id')
    .select(['sessions.id', 'account_id', 'idle_ms', 'last_seen_at', 'expires_at', 'username', 'name', 'operator'])
    .where('token_hash', '=', tokenHash)
    .where('disabled_at', 'is', null),
);

export async function touchSessions(db: Db, ids: string[], at: number): Promise<void> {
  await db.updateTable('sessions').set({ last_seen_at: at }).where('id', 'in', ids).execute();
}

export async function listSessions(db: Db, account: string): Promise<SessionRow[]> {
  const rows = await db
    .selectFrom('sessions')
    .selectAll()
    .where('account_id', '=', account)
    .orderBy('last_seen_at', 'desc')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    account,
    device: row.device,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    idleMs: row.idle_ms,
    expiresAt: row.expires_at,
  }));
}

/** Ends one session of the account, all, or all but one. Returns the ids that ended. */
export async function deleteSessions(
  db: Db,
  account: string,
  which: { id?: string; but?: string } = {},
): Promise<string[]> {
  let query = db.deleteFrom('sessions').where('account_id', '=', account);
  if (which.id !== undefined) query = query.where('id', '=', which.id);
  if (which.but !== undefined) query = query.where('id', '!=', which.but);
  return (await query.returning('id').execute()).map((row) => row.id);
}

export async function deleteExpiredSessions(db: Db, now: number): Promise<void> {
  await db
    .deleteFrom('sessions')
    .where((e) => e.or([e('expires_at', '<=', now), e(e('last_seen_at', '+', e.ref('idle_ms')), '<=', now)]))
    .execute();
}

/** Which of these sessions have not ended by themselves or by others; being idle does not count, for they are connected. */
export async function liveSessions(db: Db, ids: string[], now: number): Promise<Set<string>> {
  const rows = await db
    .selectFrom('sessions')
    .innerJoin('accounts', 'accounts.id', 'sessions.account_id')
    .select('sessions.id')
    .where('sessions.id', 'in', ids)
    .where('expires_at', '>', now)
    .where('disabled_at', 'is', null)
    .execute();
  return new Set(rows.map((row) => row.id));
}
