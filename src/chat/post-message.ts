import type { Turn } from '#core/by-turns.ts';
import { AppError, badRequest, conflict, unknown } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import type { PublicMessage } from '#core/live.ts';
import { findByClientId } from '#storage/messages.ts';
import { announce, enterRoom, type Chat, type Person, type SeenRoom } from './chat.ts';
import { holdMessage } from './held.ts';
import type { Verdict } from './house-order.ts';
import { readMentions } from './mentions.ts';
import { present } from './present.ts';

export interface Post {
  room: string;
  /** 1–4,000 characters. */
  text: string;
  /** The same (author, room, clientId) is the same post, however often it comes. */
  clientId?: string;
  /** Its place among what comes by the same connection. What goes before storing is asked at once, and may be answered in any order. */
  turn?: Turn;
}

/** `held`: it waits for a moderator; then the message has no number, and its id is that of what waits. */
export interface Posted {
  message: PublicMessage;
  fresh: boolean;
  held?: true;
}

/** Says something in a room. Resolves after the commit; `fresh` is false for a repeat, whose first message comes back. */
export async function postMessage(chat: Chat, person: Person, post: Post): Promise<Posted> {
  const text = checkText(post.text);
  const room = await enterRoom(chat, person, post.room, 'room.post');
  const verdict = chat.order && (await judge(chat.order, person, { room, text }));
  const before = isOpen(verdict) ? undefined : await saidBefore(chat, person, { ...post, text });
  if (before) return before;
  if (verdict instanceof AppError) throw verdict;
  const posting = verdict?.hold
    ? holdMessage(chat, person, { room, text, clientId: post.clientId, why: verdict.hold })
    : store(chat, person, { post, text, room });
  return posting.catch((error: unknown) => {
    verdict?.undo();
    throw error;
  });
}

function judge(
  order: NonNullable<Chat['order']>,
  person: Person,
  { room, text }: { room: SeenRoom; text: string },
): Promise<Verdict | AppError> {
  return order.judge(person, room, { text }).catch((error: unknown) => {
    if (error instanceof AppError) return error;
    throw error;
  });
}

function isOpen(verdict: Verdict | AppError | undefined): boolean {
  return !(verdict instanceof AppError) && verdict?.hold === undefined;
}

/** A repeat of what was taken before is no new post, whatever was decided since. */
async function saidBefore(chat: Chat, person: Person, post: Post): Promise<Posted | undefined> {
  const { room, clientId } = post;
  if (clientId === undefined) return undefined;
  const first = await findByClientId(chat.storage.db, { room, author: person.account, clientId });
  return first && { message: await repeated(chat, person, post), fresh: false };
}

async function store(
  chat: Chat,
  person: Person,
  { post, text, room }: { post: Post; text: string; room: SeenRoom },
): Promise<Posted> {
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
  const extra = mentions.length > 0 ? { mentions } : undefined;
  if (post.turn?.before) await post.turn.before;
  const storing = chat.storage.post(extra ? { ...draft, extra } : draft);
  post.turn?.pass();
  const seq = await storing;
  if (seq === 'gone') throw unknown('room');
  if (seq === 'repeated') return { message: await repeated(chat, person, { ...post, text }), fresh: false };
  const message = present({ ...draft, seq, ...extra });
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
