import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** The last numbers of those of the rooms that are there. */
export function lastNumbers(db: Db, rooms: string[]): Promise<{ id: string; seq: number }[]> {
  return db
    .selectFrom('rooms')
    .select(['id', 'seq'])
    .where('id', 'in', rooms)
    .where('deleted_at', 'is', null)
    .execute();
}

/** Which of a room's newest messages were edited or deleted at `since` (ms) or later. */
export async function changedMessages(
  db: Db,
  room: string,
  { newest, since }: { newest: number; since: number },
): Promise<{ id: string; seq: number; deleted: boolean }[]> {
  const rows = await db
    .selectFrom('messages')
    .select(['id', 'seq', 'edited_at', 'deleted_at'])
    .where('room_id', '=', room)
    .orderBy('seq', 'desc')
    .limit(newest)
    .execute();
  return rows
    .filter((row) => Math.max(row.edited_at ?? 0, row.deleted_at ?? 0) >= since)
    .map(({ id, seq, deleted_at }) => ({ id, seq, deleted: deleted_at !== null }));
}

/** Of these rooms those that are there, with what decides who may see them. */
export function roomGates(db: Db, rooms: string[]): Promise<{ id: string; community: string; private: number }[]> {
  return db
    .selectFrom('rooms')
    .select(['id', 'community_id as community', 'private'])
    .where('id', 'in', rooms)
    .where('deleted_at', 'is', null)
    .execute();
}

/** Who of these accounts is let into which of these private rooms. */
export function letIntoRooms(db: Db, rooms: string[], accounts: string[]): Promise<{ id: string; account: string }[]> {
  return db
    .selectFrom('room_members')
    .select(['room_id as id', 'account_id as account'])
    .where('room_id', 'in', rooms)
    .where('account_id', 'in', accounts)
    .execute();
}

/** The communities of these accounts. */
export function communitiesOf(db: Db, accounts: string[]): Promise<{ id: string; account: string }[]> {
  return db
    .selectFrom('members')
    .select(['community_id as id', 'account_id as account'])
    .where('account_id', 'in', accounts)
    .execute();
}
