import { findMentioned } from '#storage/messages.ts';
import type { Room } from '#storage/rooms.ts';
import type { Chat } from './chat.ts';

/** At most so many people are told of one message. */
const MOST = 20;

/** `@name` with a username of ours, not inside a word or an address. */
const MENTION = /(?<![\w@.-])@([a-z0-9_.-]{3,30})/gi;

/** The accounts that the text mentions and that may see the room. */
export async function readMentions(
  chat: Chat,
  room: Pick<Room, 'id' | 'community' | 'private'>,
  text: string,
): Promise<string[]> {
  if (!text.includes('@')) return [];
  const names = [...new Set([...text.matchAll(MENTION)].flatMap(([, name]) => spellings((name ?? '').toLowerCase())))];
  return names.length === 0 ? [] : findMentioned(chat.storage.db, room, names.slice(0, MOST * 2));
}

/** A full stop after a name ends the sentence, unless the name has it. */
function spellings(name: string): string[] {
  const bare = name.replace(/[.-]+$/, '');
  return bare === name ? [name] : [name, bare];
}
