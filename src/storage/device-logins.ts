import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** A program's sign-in that waits for a person, or for the program to fetch what the person said (RFC 8628). */
export interface DeviceLogin {
  deviceHash: string;
  client: string;
  /** A JSON array. */
  scopes: string;
  account: string | null;
  state: 'waiting' | 'granted' | 'refused';
  days: number | null;
  polledAt: number | null;
  expiresAt: number;
  createdAt: number;
}

export async function insertDeviceLogin(
  db: Db,
  userCodeHash: string,
  login: Pick<DeviceLogin, 'deviceHash' | 'client' | 'scopes' | 'expiresAt' | 'createdAt'>,
): Promise<void> {
  await db
    .insertInto('device_logins')
    .values({
      device_hash: login.deviceHash,
      user_code_hash: userCodeHash,
      client: login.client,
      scopes: login.scopes,
      account_id: null,
      state: 'waiting',
      days: null,
      polled_at: null,
      expires_at: login.expiresAt,
      created_at: login.createdAt,
    })
    .execute();
}

export async function countDeviceLogins(db: Db): Promise<number> {
  const row = await db
    .selectFrom('device_logins')
    .select((e) => e.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** By the program's code, or by the one that its person types; each by its hash. */
export async function findDeviceLogin(
  db: Db,
  by: { device: string } | { userCode: string },
): Promise<DeviceLogin | undefined> {
  const query = db.selectFrom('device_logins').selectAll();
  const row = await (
    'device' in by ? query.where('device_hash', '=', by.device) : query.where('user_code_hash', '=', by.userCode)
  ).executeTakeFirst();
  return (
    row && {
      deviceHash: row.device_hash,
      client: row.client,
      scopes: row.scopes,
      account: row.account_id,
      state: row.state as DeviceLogin['state'],
      days: row.days,
      polledAt: row.polled_at,
      expiresAt: row.expires_at,
      createdAt: row.created_at,
    }
  );
}

/** Notes what the person said; false where it was said already. */
export async function answerDeviceLogin(
  db: Db,
  deviceHash: string,
  answer: { account: string; state: 'granted' | 'refused'; scopes?: string; days: number | null },
): Promise<boolean> {
  const rows = await db
    .updateTable('device_logins')
    .set({
      account_id: answer.account,
      state: answer.state,
      days: answer.days,
      ...(answer.scopes !== undefined && { scopes: answer.scopes }),
    })
    .where('device_hash', '=', deviceHash)
    .where('state', '=', 'waiting')
    .returning('device_hash')
    .execute();
  return rows.length === 1;
}

export async function notePoll(db: Db, deviceHash: string, at: number): Promise<void> {
  await db.updateTable('device_logins').set({ polled_at: at }).where('device_hash', '=', deviceHash).execute();
}

/** Takes a sign-in away that came to its end; false where another was quicker. */
export async function deleteDeviceLogin(db: Db, deviceHash: string): Promise<boolean> {
  const rows = await db
    .deleteFrom('device_logins')
    .where('device_hash', '=', deviceHash)
    .returning('device_hash')
    .execute();
  return rows.length === 1;
}

/** Takes away what an account granted and no program has fetched. */
export async function deleteDeviceLogins(db: Db, account: string): Promise<void> {
  await db.deleteFrom('device_logins').where('account_id', '=', account).execute();
}

export async function deleteExpiredDeviceLogins(db: Db, now: number): Promise<void> {
  await db.deleteFrom('device_logins').where('expires_at', '<=', now).execute();
}
