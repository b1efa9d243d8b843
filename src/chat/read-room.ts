import { LIMITS } from '#core/limits.ts';
import type { PublicMessage } from '#core/live.ts';
import { pageOfMessages } from '#storage/messages.ts';
import { listRoomPeople, listRooms, markRead, type ListedRoom, type RoomPerson } from '#storage/rooms.ts';
import { listPeople, type Person as CommunityPerson } from '#storage/accounts.ts';
import { announce, enterCommunity, enterRoom, type Chat, type Person } from './chat.ts';
import { present } from './present.ts';

export interface HistoryAsked {
  limit?: number;
  before?: number;
  after?: number;
}

/** A page of a room's history, oldest first. `before` and `after` are numbers, exclusive. */
export async function readHistory(
  chat: Chat,
  person: Person,
  room: string,
  asked: HistoryAsked,
): Promise<PublicMessage[]> {
  await enterRoom(chat, person, room, 'room.read');
  const { before, after } = asked;
  const page = {
    room,
    limit: asked.limit ?? LIMITS.historyDefault,
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
  };
  return (await pageOfMessages(chat.storage.db, page)).map(present);
}

/** Every room that the person may see, with where they left off. */
export function seeRooms(chat: Chat, person: Person): Promise<ListedRoom[]> {
  return listRooms(chat.storage.db, person.account);
}

/** Remembers how far the person has read; never backwards, never past the end. */
export async function readUpTo(chat: Chat, person: Person, roomId: string, asked: number): Promise<void> {
  const room = await enterRoom(chat, person, roomId, 'room.read');
  const seq = Math.min(asked, room.seq);
  const moved = await chat.storage.write((tx) => markRead(tx.db, { account: person.account, room: roomId, seq }));
  if (moved) announce(chat, { kind: 'read', account: person.account, room: roomId, seq });
}

/** Who may see the room. */
export async function seeRoomPeople(chat: Chat, person: Person, roomId: string): Promise<RoomPerson[]> {
  const room = await enterRoom(chat, person, roomId, 'people.list');
  return listRoomPeople(chat.storage.db, room, LIMITS.peoplePage);
}

/** Members of a community, by the start of a name. */
export async function seePeople(
  chat: Chat,
  person: Person,
  community: string,
  query: string,
): Promise<CommunityPerson[]> {
  await enterCommunity(chat, person, community, 'people.list');
  return listPeople(chat.storage.db, { community, query, limit: LIMITS.peoplePage });
}
