import { LIMITS } from '#core/limits.ts';
import type { LiveEvent, PublicMessage } from '#core/live.ts';
import { changedMessages, communitiesOf, lastNumbers, letIntoRooms, roomGates } from '#storage/followed-rooms.ts';
import { findMessage, pageOfMessages } from '#storage/messages.ts';
import type { Chat } from './chat.ts';
import { present } from './present.ts';

type Reading = Pick<Chat, 'storage'>;

/** Rooms or accounts that one query names: SQLite takes 32,766 values, and an answer of so many rows is soon made. */
const AT_ONCE = 1_000;

/**
 * A page of what was said in a room after a number, oldest first, for the hall itself: who may see it is not asked. One
 * that is not full ends with the last message there was when it was asked for.
 */
export async function readAfter(chat: Reading, room: string, after: number, limit: number): Promise<PublicMessage[]> {
  return (await pageOfMessages(chat.storage.db, { room, after, limit })).map(present);
}

/** The last numbers of these rooms, by room. Those that are gone are left out. */
export async function readNumbers(chat: Reading, rooms: string[]): Promise<Map<string, number>> {
  const numbers = new Map<string, number>();
  for (const some of inPieces(rooms))
    for (const { id, seq } of await lastNumbers(chat.storage.db, some)) numbers.set(id, seq);
  return numbers;
}

/** What the edits and deletions since a time (ms) among a room's newest messages look like, as if they happened now. */
export async function readChanges(chat: Reading, room: string, since: number): Promise<LiveEvent[]> {
  const { db } = chat.storage;
  const events: LiveEvent[] = [];
  for (const { id, seq, deleted } of await changedMessages(db, room, { newest: LIMITS.historyPage, since })) {
    const edited = deleted ? undefined : await findMessage(db, id);
    if (edited) events.push({ kind: 'edited', room, message: present(edited) });
    else events.push({ kind: 'deleted', room, message: { id, seq, room } });
  }
  return events;
}

export interface Following {
  account: string;
  room: string;
}

/** Which of these may not be: the room is gone, or the account is not let into it any more. */
export async function noLongerSeen(chat: Reading, following: Following[]): Promise<Following[]> {
  const { db } = chat.storage;
  const accounts = [...new Set(following.map(({ account }) => account))];
  const rooms = await inPiecesOf([...new Set(following.map(({ room }) => room))], (some) => roomGates(db, some));
  const secret = rooms.filter((room) => room.private === 1).map(({ id }) => id);
  const members = pairs(await inPiecesOf(accounts, (some) => communitiesOf(db, some)));
  const letIn = pairs(await inPiecesOf(secret, (some) => inPiecesOf(accounts, (few) => letIntoRooms(db, some, few))));
  const gates = new Map(rooms.map((room) => [room.id, room]));
  return following.filter(({ account, room }) => {
    const gate = gates.get(room);
    if (!gate || !members.has(`${gate.community} ${account}`)) return true;
    return gate.private === 1 && !letIn.has(`${room} ${account}`);
  });
}

function pairs(rows: { id: string; account: string }[]): Set<string> {
  return new Set(rows.map(({ id, account }) => `${id} ${account}`));
}

async function inPiecesOf<T, Row>(all: T[], read: (some: T[]) => Promise<Row[]>): Promise<Row[]> {
  const rows: Row[] = [];
  for (const some of inPieces(all)) rows.push(...(await read(some)));
  return rows;
}

function inPieces<T>(all: T[]): T[][] {
  const pieces: T[][] = [];
  for (let start = 0; start < all.length; start += AT_ONCE) pieces.push(all.slice(start, start + AT_ONCE));
  return pieces;
}
