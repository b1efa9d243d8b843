import type { Kysely } from 'kysely';
import type { Picture, Table } from '#core/message.ts';
import { hot } from './hot.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** What only some messages have. */
export interface MessageExtra {
  table?: Table;
  pictures?: Picture[];
  cause?: { account: string; name: string; text: string };
  mentions?: string[];
  /** The webhook that said it. */
  from?: { id: string; name: string };
}

export interface StoredMessage extends MessageExtra {
  id: string;
  seq: number;
  room: string;
  /** null: the bot. */
  author: string | null;
  authorName: string | null;
  text: string;
  clientId: string | null;
  createdAt: number;
  editedAt: number | null;
}

/** Stores a person's message without extras; nothing is returned where (room, author, clientId) is there already. */
export const insertPlain = hot<
  [room: string, seq: number, id: string, author: string, text: string, clientId: string, at: number],
  { id: string }
>(7, (db, [room, seq, id, author, text, clientId, at]) =>
  db
    .insertInto('messages')
    .values({ room_id: room, seq, id, author_id: author, text, client_id: clientId, created_at: at })
    .onConflict((conflict) =>
      conflict.columns(['room_id', 'author_id', 'client_id']).where('client_id', 'is not', null).doNothing(),
    )
    .returning('id'),
);

export interface NewMessage {
  room: string;
  seq: number;
  id: string;
  author: string | null;
  text: string;
  clientId: string | null;
  extra: MessageExtra;
  at: number;
}

/** As `insertPlain`, for the rest: the bot's, those with mentions, those without a clientId. */
export async function insertMessage(db: Db, made: NewMessage): Promise<boolean> {
  const extra = Object.keys(made.extra).length > 0 ? JSON.stringify(made.extra) : null;
  const { seq, id, text } = made;
  const rows = await db
    .insertInto('messages')
    .values({
      room_id: made.room,
      seq,
      id,
      author_id: made.author,
      text,
      extra,
      client_id: made.clientId,
      created_at: made.at,
    })
    .onConflict((conflict) =>
      conflict.columns(['room_id', 'author_id', 'client_id']).where('client_id', 'is not', null).doNothing(),
    )
    .returning('id')
    .execute();
  return rows.length === 1;
}

export async function insertMentions(db: Db, room: string, seq: number, accounts: string[]): Promise<void> {
  if (accounts.length === 0) return;
  const rows = accounts.map((account) => ({ account_id: account, room_id: room, seq }));
  await db.insertInto('mentions').values(rows).execute();
}

export async function deleteMentions(db: Db, room: string, seq: number): Promise<void> {
  await db.deleteFrom('mentions').where('room_id', '=', room).where('seq', '=', seq).execute();
}

function select(db: Db) {
  return db
    .selectFrom('messages')
    .leftJoin('accounts', 'accounts.id', 'messages.author_id')
    .select([
      'messages.id',
      'messages.seq',
      'room_id',
      'author_id',
      'text',
      'extra',
      'client_id',
      'messages.created_at',
      'edited_at',
    ])
    .select('accounts.name as authorName')
    .where('deleted_at', 'is', null);
}

export interface PageAsked {
  room: string;
  limit: number;
  /** Numbers, exclusive. */
  before?: number;
  after?: number;
}

/** A page of history, oldest first: the newest, those before a number, or those after one. */
export async function pageOfMessages(db: Db, asked: PageAsked): Promise<StoredMessage[]> {
  let query = select(db).where('room_id', '=', asked.room).limit(asked.limit);
  if (asked.before !== undefined) query = query.where('messages.seq', '<', asked.before);
  if (asked.after !== undefined) query = query.where('messages.seq', '>', asked.after);
  const forward = asked.after !== undefined && asked.before === undefined;
  const rows = await query.orderBy('messages.seq', forward ? 'asc' : 'desc').execute();
  return (forward ? rows : rows.toReversed()).map(toMessage);
}

export async function findMessage(db: Db, id: string): Promise<StoredMessage | undefined> {
  const row = await select(db).where('messages.id', '=', id).executeTakeFirst();
  return row && toMessage(row);
}

export async function findByClientId(
  db: Db,
  asked: { room: string; author: string; clientId: string },
): Promise<StoredMessage | undefined> {
  const row = await select(db)
    .where('room_id', '=', asked.room)
    .where('author_id', '=', asked.author)
    .where('client_id', '=', asked.clientId)
    .executeTakeFirst();
  return row && toMessage(row);
}

/** False where the message was deleted meanwhile: then nothing is changed. */
export async function updateText(
  db: Db,
  id: string,
  change: { text: string; mentions: string[]; at: number },
): Promise<boolean> {
  const extra = change.mentions.length > 0 ? JSON.stringify({ mentions: change.mentions }) : null;
  const rows = await db
    .updateTable('messages')
    .set({ text: change.text, extra, edited_at: change.at })
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .returning('id')
    .execute();
  return rows.length === 1;
}

/** Deletes the words and keeps the number, so that a late repeat of the same post stays one. */
export async function markDeleted(
  db: Db,
  message: Pick<StoredMessage, 'id' | 'room' | 'seq'>,
  at: number,
): Promise<void> {
  await db
    .updateTable('messages')
    .set({ text: '', extra: null, deleted_at: at })
    .where('id', '=', message.id)
    .execute();
  await deleteMentions(db, message.room, message.seq);
}

/** Which of these usernames are people that may see the room. */
export async function findMentioned(
  db: Db,
  room: { id: string; community: string; private: boolean },
  usernames: string[],
): Promise<string[]> {
  let query = db
    .selectFrom('accounts')
    .innerJoin('members', 'members.account_id', 'accounts.id')
    .select('accounts.id')
    .where('members.community_id', '=', room.community)
    .where('username', 'in', usernames)
    .where('disabled_at', 'is', null);
  if (room.private)
    query = query.where('accounts.id', 'in', (e) =>
      e.selectFrom('room_members').select('account_id').where('room_id', '=', room.id),
    );
  return (await query.execute()).map((row) => row.id);
}

export interface MessageRow {
  id: string;
  seq: number;
  room_id: string;
  author_id: string | null;
  authorName: string | null;
  text: string;
  extra: string | null;
  client_id: string | null;
  created_at: number;
  edited_at: number | null;
}

export function toMessage(row: MessageRow): StoredMessage {
  const extra = row.extra === null ? {} : (JSON.parse(row.extra) as MessageExtra);
  return {
    id: row.id,
    seq: row.seq,
    room: row.room_id,
    author: row.author_id,
    authorName: row.authorName,
    text: row.text,
    clientId: row.client_id,
    createdAt: row.created_at,
    editedAt: row.edited_at,
    ...extra,
  };
}
