import { LIMITS } from '#core/limits.ts';
import type { PublicMessage } from '#core/live.ts';
import { marksOf, readQuery, type Mark } from '#core/search.ts';
import { searchMessages } from '#storage/search.ts';
import { enterCommunity, enterRoom, type Chat, type Person } from './chat.ts';
import { present } from './present.ts';

export interface Search {
  query: string;
  community?: string;
  room?: string;
  author?: string;
  /** ms since 1970: nothing older. */
  since?: number;
  /** A message's id: only what was said before it. */
  before?: string;
  limit?: number;
}

export interface SearchPage {
  results: { message: PublicMessage; room: { id: string; name: string; community: string }; marks: Mark[] }[];
  next?: string;
}

/** What was said in the rooms that the person may see, newest first. 404 for a room or community that they may not see. */
export async function searchRooms(chat: Chat, person: Person, search: Search): Promise<SearchPage> {
  const { query, room, community, limit = LIMITS.historyDefault, ...rest } = search;
  if (room !== undefined) await enterRoom(chat, person, room, 'message.search');
  if (community !== undefined) await enterCommunity(chat, person, community, 'message.search');
  const phrases = readQuery(query);
  const { messages, next } = await searchMessages(chat.storage.db, {
    account: person.account,
    phrases,
    limit,
    ...(room !== undefined && { room }),
    ...(community !== undefined && { community }),
    ...rest,
  });
  const results = messages.map((message) => ({
    message: present(message),
    room: { id: message.room, name: message.roomName, community: message.community },
    marks: marksOf(message.text, phrases),
  }));
  return { results, ...(next !== undefined && { next }) };
}
