import type { Kysely, Selectable } from 'kysely';
import { deleteMailsOf } from './mail-outbox.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** What a code is for. The code itself is not kept, only its hash. */
export interface OneTimeCode {
  purpose: string;
  /** Who asked for it, where that was an account. */
  account: string | null;
  community: string | null;
  /** Where it is to be typed, or whose identity it proves. */
  platform: string | null;
  platformId: string | null;
  /** How the identity is called, for people. */
  name: string | null;
}

/** As it is kept. */
export interface KeptCode extends OneTimeCode {
  expiresAt: number;
  usedAt: number | null;
}

/** Keeps a code. Earlier ones for exactly the same end with it, so that one asker never has two that are good. */
export async function insertCode(
  db: Db,
  hash: string,
  code: OneTimeCode,
  { at, expiresAt }: { at: number; expiresAt: number },
): Promise<void> {
  const row = rowOf(code);
  let earlier = db.updateTable('one_time_codes').set({ expires_at: at }).where('expires_at', '>', at);
  for (const column of COLUMNS) earlier = earlier.where(column, row[column] === null ? 'is' : '=', row[column]);
  await earlier.execute();
  await db
    .insertInto('one_time_codes')
    .values({ ...row, code_hash: hash, expires_at: expiresAt, used_at: null, created_at: at })
    .execute();
}

export async function findCode(db: Db, hash: string): Promise<KeptCode | undefined> {
  const row = await db.selectFrom('one_time_codes').selectAll().where('code_hash', '=', hash).executeTakeFirst();
  return row && toCode(row);
}

/** Uses it up; false where somebody else was quicker. */
export async function spendCode(db: Db, hash: string, at: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('one_time_codes')
    .set({ used_at: at })
    .where('code_hash', '=', hash)
    .where('used_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Ends all of an account: what was mailed to it or waits to be, and what was to be typed elsewhere. `purpose`: of that one alone. */
export async function endCodes(db: Db, account: string, { at, purpose }: { at: number; purpose?: string }) {
  let open = db.updateTable('one_time_codes').set({ expires_at: at }).where('account_id', '=', account);
  if (purpose !== undefined) open = open.where('purpose', '=', purpose);
  await open.where('expires_at', '>', at).execute();
  await deleteMailsOf(db, account, purpose === undefined ? ['password', 'email'] : [purpose]);
}

/** Forgets those that ended before. */
export async function deleteOldCodes(db: Db, before: number): Promise<void> {
  await db.deleteFrom('one_time_codes').where('expires_at', '<', before).execute();
}

/** By what two codes are for the same; how the identity is called does not tell. */
const COLUMNS = ['purpose', 'account_id', 'community_id', 'platform', 'platform_id'] as const;

function rowOf({ purpose, account, community, platform, platformId, name }: OneTimeCode) {
  return { purpose, account_id: account, community_id: community, platform, platform_id: platformId, name };
}

function toCode(row: Selectable<Schema['one_time_codes']>): KeptCode {
  const { purpose, platform, name } = row;
  return {
    purpose,
    account: row.account_id,
    community: row.community_id,
    platform,
    platformId: row.platform_id,
    name,
    expiresAt: row.expires_at,
    usedAt: row.used_at,
  };
}

/** What an account's newest good code of this purpose is for, as it is called. */
export async function pendingLink(
  db: Db,
  { account, purpose, now }: { account: string; purpose: string; now: number },
): Promise<string | undefined> {
  const row = await db
    .selectFrom('one_time_codes')
    .select('name')
    .where('account_id', '=', account)
    .where('purpose', '=', purpose)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return row?.name ?? undefined;
}
