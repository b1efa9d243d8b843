import { badRequest, conflict, unknown } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import type { PublicMessage } from '#core/live.ts';
import { findByClientId, insertMentions, insertMessage, insertPlain } from '#storage/messages.ts';
import { takeNumber } from '#storage/rooms.ts';
import type { Tx } from '#storage/storage.ts';
import { announce, enterRoom, type Chat, type Person } from './chat.ts';
import { readMentions } from './mentions.ts';
import { present } from './present.ts';

export interface Post {
  room: string;
  /** 1–4,000 characters. */
  text: string;
  /** The same (author, room, clientId) is the same post, however often it comes. */
  clientId?: string;
}

/** Says something in a room. Resolves after the commit; `fresh` is false for a repeat, whose first message comes back. */
export async function postMessage(
  chat: Chat,
  person: Person,
  post: Post,
): Promise<{ message: PublicMessage; fresh: boolean }> {
  const text = checkText(post.text);
  const room = await enterRoom(chat, person, post.room, 'room.post');
  const mentions = await readMentions(chat, room, text);
  const id = newId('msg');
  const at = chat.clock();
  const clientId = post.clientId ?? null;
  const draft = {
    id,
    room: room.id,
    author: person.account,
    authorName: person.name,
    text,
    clientId,
    createdAt: at,
    editedAt: null,
  };
  let seq: number;
  try {
    seq = await chat.storage.write((tx) => store(tx, draft, mentions));
  } catch (error) {
    if (error instanceof PostedBefore)
      return { message: await repeated(chat, person, { ...post, text }), fresh: false };
    throw error;
  }
  const message = present({ ...draft, seq, ...(mentions.length > 0 && { mentions }) });
  announce(chat, { kind: 'message', room: room.id, message });
  return { message, fresh: true };
}

/** Refuses what is empty or too long. */
export function checkText(text: string): string {
  if (text.trim() === '') throw badRequest('empty-text', 'A message needs at least one character.');
  const length = text.length > LIMITS.messageText ? [...text].length : text.length;
  if (length > LIMITS.messageText) {
    const detail = `A message has at most ${LIMITS.messageText} characters; this one has ${length}.`;
    throw badRequest('text-too-long', detail);
  }
  if (!text.isWellFormed() || text.includes('\0'))
    throw badRequest('bad-text', 'The text holds half a character, or none.');
  return text;
}

class PostedBefore extends Error {}

interface Draft {
  id: string;
  room: string;
  author: string;
  text: string;
  clientId: string | null;
  createdAt: number;
}

/** Takes the number and stores the words in the same commit; a repeat gives the number back by undoing itself. */
async function store(tx: Tx, draft: Draft, mentions: string[]): Promise<number> {
  const { room, id, author, text, clientId, createdAt } = draft;
  const [taken] = await takeNumber(tx.db, room);
  if (!taken) throw unknown('room');
  const { seq } = taken;
  if (clientId !== null && mentions.length === 0) {
    const rows = await insertPlain(tx.db, room, seq, id, author, text, clientId, createdAt);
    if (rows.length === 0) throw new PostedBefore();
    return seq;
  }
  const extra = mentions.length > 0 ? { mentions } : {};
  if (!(await insertMessage(tx.db, { room, seq, id, author, text, clientId, extra, at: createdAt })))
    throw new PostedBefore();
  await insertMentions(tx.db, room, seq, mentions);
  return seq;
}

async function repeated(chat: Chat, person: Person, post: Post): Promise<PublicMessage> {
  const first = await findByClientId(chat.storage.db, {
    room: post.room,
    author: person.account,
    clientId: post.clientId as string,
  });
  if (!first) throw conflict('deleted-meanwhile', 'This message was posted before and has been deleted since.');
  if (first.text !== post.text && first.editedAt === null)
    throw conflict('client-id-taken', 'Another message was posted under this clientId.');
  return present(first);
}
