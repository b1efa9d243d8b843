import { toRfc3339 } from '#core/clock.ts';
import { AppError, conflict, unknown } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import { whisper } from '#core/message.ts';
import { record } from '#storage/audit.ts';
import {
  approveHeld,
  countHeldOf,
  deleteHeld,
  findHeld,
  findHeldAgain,
  insertHeld,
  listHeld,
  type HeldMessage,
  type ListedHeld,
} from '#storage/held-messages.ts';
import { inTurn } from '#storage/in-turn.ts';
import { announce, enterCommunity, type Chat, type Person, type SeenRoom } from './chat.ts';
import { readMentions } from './mentions.ts';
import { present } from './present.ts';
import type { Posted } from './post-message.ts';
import { tellModerators } from './tell-moderators.ts';

interface ToHold {
  room: SeenRoom;
  text: string;
  clientId: string | undefined;
  why: HeldMessage['why'];
}

/** Keeps a post until a moderator has seen it. Its author is told that it waits; the same post again waits once. */
export async function holdMessage(chat: Chat, person: Person, { room, text, clientId, why }: ToHold): Promise<Posted> {
  const at = chat.clock();
  const { id: roomId, community } = room;
  const author = person.account;
  const held = { id: newId('held', at), community, room: roomId, author, text, clientId: clientId ?? null, why, at };
  const first = await chat.storage.write(async (tx) => {
    await inTurn(tx.db, `held ${author}`);
    const before = clientId === undefined ? undefined : await findHeldAgain(tx.db, held);
    if (before) return before;
    if ((await countHeldOf(tx.db, community, author)) >= LIMITS.heldPerPerson) throw tooManyWait();
    await insertHeld(tx.db, held);
    return held;
  });
  if (first.text !== text) throw conflict('client-id-taken', 'Another message was posted under this clientId.');
  await tellModerators(chat, community);
  const message = {
    id: first.id,
    seq: 0,
    room: roomId,
    author: { id: author, name: person.name, kind: 'person' as const },
    text,
    createdAt: toRfc3339(at),
  };
  return { message, fresh: first === held, held: true };
}

function tooManyWait(): AppError {
  const detail = `${LIMITS.heldPerPerson} of your messages wait for a moderator. This one was not taken.`;
  return new AppError({ status: 429, code: 'too-many-held', detail, retryAfter: 60 });
}

export interface PageAsked {
  after?: string | undefined;
  limit: number;
}

/** What waits for a moderator, oldest first. */
export async function seeHeld(chat: Chat, person: Person, community: string, asked: PageAsked): Promise<ListedHeld[]> {
  await enterCommunity(chat, person, community, 'order.see');
  return listHeld(chat.storage.db, { community, ...asked });
}

interface Settled {
  community: string;
  id: string;
}

/**
 * Lets a post through. First it is marked, so that from then on nobody refuses it; then it is posted under a name that makes
 * it one however often this is done; then it goes from the list. So a kill in the middle loses nothing and says nothing twice.
 */
export async function approve(chat: Chat, person: Person, { community, id }: Settled): Promise<void> {
  await enterCommunity(chat, person, community, 'order.settle');
  const held = await findHeld(chat.storage.db, community, id);
  if (!held || !(await chat.storage.write((tx) => approveHeld(tx.db, id)))) throw unknown('held-message');
  await postHeld(chat, held);
  const at = chat.clock();
  await chat.storage.write(async (tx) => {
    if (!(await deleteHeld(tx.db, id))) return;
    await record(tx.db, { ...actOf(person, held), action: 'moderation.approve', at });
  });
  await tellModerators(chat, community);
}

async function postHeld(chat: Chat, held: ListedHeld): Promise<void> {
  const { room, author, authorName, text } = held;
  const at = chat.clock();
  const where = { id: room, community: held.community, private: held.isPrivate };
  const mentions = await readMentions(chat, where, text);
  const draft = { id: newId('msg', at), room, author, authorName, text, createdAt: at, editedAt: null };
  const extra = mentions.length > 0 ? { mentions } : undefined;
  const named = { ...draft, clientId: held.clientId ?? held.id };
  const seq = await chat.storage.post(extra ? { ...named, extra } : named);
  if (typeof seq === 'string') return;
  announce(chat, { kind: 'message', room, message: present({ ...named, seq, ...extra }) });
}

/** Lets a post not through; its author is told so. 409 where somebody approved it meanwhile. */
export async function refuse(
  chat: Chat,
  person: Person,
  { community, id, reason }: Settled & { reason: string },
): Promise<void> {
  await enterCommunity(chat, person, community, 'order.settle');
  const held = await findHeld(chat.storage.db, community, id);
  if (!held) throw unknown('held-message');
  const at = chat.clock();
  await chat.storage.write(async (tx) => {
    if (!(await deleteHeld(tx.db, id, 'waiting')))
      throw conflict('settled-already', 'Another moderator decided about this message before.');
    const detail = JSON.stringify({ person: held.authorName, reason });
    await record(tx.db, { ...actOf(person, held), action: 'moderation.refuse', detail, at });
  });
  const why = reason === '' ? '' : `: ${reason}`;
  const reply = whisper(`A moderator did not let your message through${why}`);
  announce(chat, { kind: 'private', account: held.author, room: held.room, reply });
  await tellModerators(chat, community);
}

function actOf({ account }: Person, { community, author, authorName }: ListedHeld) {
  return { community, account, subject: author, detail: JSON.stringify({ person: authorName }) };
}
