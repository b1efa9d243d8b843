import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** A post that waits for a moderator. */
export interface HeldMessage {
  id: string;
  community: string;
  room: string;
  author: string;
  text: string;
  clientId: string | null;
  why: 'words' | 'lockdown';
  at: number;
}

export async function insertHeld(db: Db, held: HeldMessage): Promise<void> {
  const { id, community, room, author, text, clientId, why, at } = held;
  await db
    .insertInto('held_messages')
    .values({ id, community_id: community, room_id: room, author_id: author, text, client_id: clientId, why, at })
    .execute();
}

/** The same post that waits already, so that a repeat is one. */
export async function findHeldAgain(
  db: Db,
  { room, author, clientId }: Pick<HeldMessage, 'room' | 'author' | 'clientId'>,
): Promise<{ id: string; text: string } | undefined> {
  return db
    .selectFrom('held_messages')
    .select(['id', 'text'])
    .where('room_id', '=', room)
    .where('author_id', '=', author)
    .where('client_id', '=', clientId)
    .executeTakeFirst();
}

export async function countHeldOf(db: Db, community: string, author: string): Promise<number> {
  const row = await db
    .selectFrom('held_messages')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('community_id', '=', community)
    .where('author_id', '=', author)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export async function countHeld(db: Db, community: string): Promise<number> {
  const row = await db
    .selectFrom('held_messages')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('community_id', '=', community)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export interface ListedHeld extends HeldMessage {
  roomName: string;
  /** The room is private. */
  isPrivate: boolean;
  authorName: string;
}

/** Posts that wait, oldest first; `after` is the last one of the page before. */
export async function listHeld(
  db: Db,
  { community, after, limit }: { community: string; after?: string | undefined; limit: number },
): Promise<ListedHeld[]> {
  let query = selectHeld(db).where('held_messages.community_id', '=', community).limit(limit);
  if (after !== undefined) query = query.where('held_messages.id', '>', after);
  return (await query.orderBy('held_messages.id').execute()).map(toHeld);
}

export async function findHeld(db: Db, community: string, id: string): Promise<ListedHeld | undefined> {
  const row = await selectHeld(db)
    .where('held_messages.community_id', '=', community)
    .where('held_messages.id', '=', id)
    .executeTakeFirst();
  return row && toHeld(row);
}

/** From now on it may only be posted. False where somebody refused it, or it was posted. */
export async function approveHeld(db: Db, id: string): Promise<boolean> {
  const rows = await db
    .updateTable('held_messages')
    .set({ state: 'approved' })
    .where('id', '=', id)
    .returning('id')
    .execute();
  return rows.length === 1;
}

/** Takes it from the list. `waiting`: only where nobody has approved it. False where it was not there. */
export async function deleteHeld(db: Db, id: string, only?: 'waiting'): Promise<boolean> {
  let query = db.deleteFrom('held_messages').where('id', '=', id);
  if (only) query = query.where('state', '=', only);
  return (await query.returning('id').execute()).length === 1;
}

function selectHeld(db: Db) {
  return db
    .selectFrom('held_messages')
    .innerJoin('rooms', 'rooms.id', 'held_messages.room_id')
    .innerJoin('accounts', 'accounts.id', 'held_messages.author_id')
    .select([
      'held_messages.id',
      'held_messages.community_id',
      'held_messages.room_id',
      'held_messages.author_id',
      'held_messages.text',
      'held_messages.client_id',
      'held_messages.why',
      'held_messages.at',
    ])
    .select(['rooms.name as roomName', 'rooms.private', 'accounts.name as authorName'])
    .where('rooms.deleted_at', 'is', null);
}

interface HeldRow {
  id: string;
  community_id: string;
  room_id: string;
  author_id: string;
  text: string;
  client_id: string | null;
  why: string;
  at: number;
  private: number;
  roomName: string;
  authorName: string;
}

function toHeld(row: HeldRow): ListedHeld {
  const { id, text, at, roomName, authorName } = row;
  const why = row.why as HeldMessage['why'];
  const where = { community: row.community_id, room: row.room_id, author: row.author_id, clientId: row.client_id };
  return { id, text, at, roomName, authorName, why, ...where, isPrivate: row.private === 1 };
}
