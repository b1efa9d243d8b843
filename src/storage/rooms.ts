import type { Kysely } from 'kysely';
import type { Role } from '#core/roles.ts';
import { hot } from './hot.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

export interface Room {
  id: string;
  community: string;
  name: string;
  topic: string;
  private: boolean;
  seq: number;
  createdBy: string;
}

export async function insertRoom(db: Db, room: Room, at: number): Promise<void> {
  const { id, name, topic, seq } = room;
  await db
    .insertInto('rooms')
    .values({
      id,
      community_id: room.community,
      name,
      topic,
      private: room.private ? 1 : 0,
      seq,
      created_by: room.createdBy,
      created_at: at,
    })
    .execute();
}

export interface SeenRoom {
  id: string;
  community_id: string;
  name: string;
  topic: string;
  private: number;
  seq: number;
  created_by: string;
  slow_seconds: number;
  order_seq: number;
  role: string;
  invited: string | null;
}

/**
 * A room with the asker's role in its community and whether a private one is theirs; nothing for strangers. What may be said
 * there comes with it as two numbers, so that a post asks for nothing more where nothing was ever decided.
 */
export const findRoomFor = hot<[account: string, room: string], SeenRoom>(2, (db, [account, room]) =>
  db
    .selectFrom('rooms')
    .innerJoin('members', (join) =>
      join.onRef('members.community_id', '=', 'rooms.community_id').on('members.account_id', '=', account),
    )
    .innerJoin('communities', 'communities.id', 'rooms.community_id')
    .leftJoin('room_members', (join) =>
      join.onRef('room_members.room_id', '=', 'rooms.id').on('room_members.account_id', '=', account),
    )
    .select([
      'rooms.id',
      'rooms.community_id',
      'rooms.name',
      'topic',
      'private',
      'rooms.seq',
      'created_by',
      'slow_seconds',
      'order_seq',
      'role',
      'room_members.account_id as invited',
    ])
    .where('rooms.id', '=', room)
    .where('deleted_at', 'is', null),
);

/** The community of a room that is there. */
export async function communityOfRoom(db: Db, id: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('rooms')
    .select('community_id')
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  return row?.community_id;
}

/** Takes the room's next number. Nothing where the room is gone. */
export const takeNumber = hot<[room: string], { seq: number }>(1, (db, [room]) =>
  db
    .updateTable('rooms')
    .set((e) => ({ seq: e('seq', '+', 1) }))
    .where('id', '=', room)
    .where('deleted_at', 'is', null)
    .returning('seq'),
);

export interface ListedRoom extends Room {
  read: number;
  mentions: number;
  slowSeconds: number;
}

/** Every room that the account may see, by name, with where it left off. */
export async function listRooms(db: Db, account: string): Promise<ListedRoom[]> {
  const rows = await db
    .selectFrom('rooms')
    .innerJoin('members', (join) =>
      join.onRef('members.community_id', '=', 'rooms.community_id').on('members.account_id', '=', account),
    )
    .leftJoin('room_members', (join) =>
      join.onRef('room_members.room_id', '=', 'rooms.id').on('room_members.account_id', '=', account),
    )
    .leftJoin('reads', (join) => join.onRef('reads.room_id', '=', 'rooms.id').on('reads.account_id', '=', account))
    .selectAll('rooms')
    .select('reads.seq as read')
    .select((e) =>
      e
        .selectFrom('mentions')
        .whereRef('mentions.room_id', '=', 'rooms.id')
        .where('mentions.account_id', '=', account)
        .where((f) => f('mentions.seq', '>', f.fn.coalesce('reads.seq', f.lit(0))))
        .select((f) => f.fn.countAll<number>().as('count'))
        .as('mentions'),
    )
    .where('deleted_at', 'is', null)
    .where((e) => e.or([e('private', '=', 0), e('room_members.account_id', 'is not', null)]))
    .orderBy('rooms.created_at')
    .execute();
  return rows.map((row) => ({
    ...toRoom(row),
    read: row.read ?? 0,
    mentions: Number(row.mentions ?? 0),
    slowSeconds: row.slow_seconds,
  }));
}

export async function countRooms(db: Db, community: string): Promise<number> {
  const row = await db
    .selectFrom('rooms')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('community_id', '=', community)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Whether there is or was a room. */
export async function anyRoomEver(db: Db): Promise<boolean> {
  return (await db.selectFrom('rooms').select('id').limit(1).executeTakeFirst()) !== undefined;
}

export async function updateRoom(db: Db, id: string, change: { name?: string; topic?: string }): Promise<void> {
  if (Object.keys(change).length > 0) await db.updateTable('rooms').set(change).where('id', '=', id).execute();
}

/** Nobody sees the room from then on. What was said in it goes with it; of a large room the rest goes by `sweepDeletedRooms`. */
export async function markRoomDeleted(db: Db, id: string, at: number): Promise<void> {
  await db.updateTable('rooms').set({ deleted_at: at }).where('id', '=', id).execute();
  await deleteWords(db, id);
}

/** Removes some of what was said in rooms that are gone. False where nothing is left. */
export async function sweepDeletedRooms(db: Db): Promise<boolean> {
  const left = await db
    .selectFrom('rooms')
    .innerJoin('messages', 'messages.room_id', 'rooms.id')
    .select('rooms.id')
    .where('rooms.deleted_at', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  if (left) await deleteWords(db, left.id);
  return left !== undefined;
}

/** Messages deleted in one commit: some 50 ms, in which all others that write wait. */
const DELETED_AT_ONCE = 5_000;

export async function deleteWords(db: Db, room: string): Promise<void> {
  const some = db.selectFrom('messages').select('seq').where('room_id', '=', room).limit(DELETED_AT_ONCE);
  await db.deleteFrom('messages').where('room_id', '=', room).where('seq', 'in', some).execute();
}

export async function addRoomMember(db: Db, room: string, account: string): Promise<void> {
  await db
    .insertInto('room_members')
    .values({ room_id: room, account_id: account })
    .onConflict((conflict) => conflict.columns(['room_id', 'account_id']).doNothing())
    .execute();
}

export async function removeRoomMember(db: Db, room: string, account: string): Promise<void> {
  await db.deleteFrom('room_members').where('room_id', '=', room).where('account_id', '=', account).execute();
}

export interface RoomPerson {
  id: string;
  username: string;
  name: string;
  role: Role;
}

/** Who may see the room: the people of a private one, else the community's, by username. */
export async function listRoomPeople(db: Db, room: Room, limit: number): Promise<RoomPerson[]> {
  let query = db
    .selectFrom('members')
    .innerJoin('accounts', 'accounts.id', 'members.account_id')
    .select(['accounts.id', 'username', 'accounts.name', 'role'])
    .where('members.community_id', '=', room.community)
    .where('disabled_at', 'is', null)
    .orderBy('username')
    .limit(limit);
  if (room.private) {
    query = query.where('accounts.id', 'in', (e) =>
      e.selectFrom('room_members').select('account_id').where('room_id', '=', room.id),
    );
  }
  return (await query.execute()).map((row) => ({ ...row, role: row.role as Role }));
}

/** Remembers how far an account has read. False where it had read further already. */
export async function markRead(db: Db, read: { account: string; room: string; seq: number }): Promise<boolean> {
  const rows = await db
    .insertInto('reads')
    .values({ account_id: read.account, room_id: read.room, seq: read.seq })
    .onConflict((conflict) =>
      conflict.columns(['account_id', 'room_id']).doUpdateSet({ seq: read.seq }).where('reads.seq', '<', read.seq),
    )
    .returning('seq')
    .execute();
  return rows.length === 1;
}

export function toRoom(row: Omit<SeenRoom, 'role' | 'invited' | 'slow_seconds' | 'order_seq'>): Room {
  return {
    id: row.id,
    community: row.community_id,
    name: row.name,
    topic: row.topic,
    private: row.private === 1,
    seq: row.seq,
    createdBy: row.created_by,
  };
}
