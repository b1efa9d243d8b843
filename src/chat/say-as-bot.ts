import { newId } from '#core/ids.ts';
import type { OutgoingMessage } from '#core/message.ts';
import { announce, type Chat } from './chat.ts';
import { present } from './present.ts';

/** The bot says an answer in a room: once, however often it is asked to. Nothing happens where the room is gone. */
export async function sayAsBot(chat: Chat, room: string, answer: OutgoingMessage): Promise<void> {
  const at = chat.clock();
  const { text, table, pictures } = answer.reply;
  const extra = { cause: answer.cause, ...(table && { table }), ...(pictures && { pictures }) };
  const draft = { id: newId('msg', at), room, author: null, text, clientId: null, createdAt: at };
  const seq = await chat.storage.post({ ...draft, extra, delivery: `${answer.id}:${answer.n}` });
  if (typeof seq === 'string') return;
  const message = present({ ...draft, ...extra, seq, authorName: null, editedAt: null });
  announce(chat, { kind: 'message', room, message });
}
