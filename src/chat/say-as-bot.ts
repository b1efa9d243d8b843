import { newId } from '#core/ids.ts';
import type { OutgoingMessage } from '#core/message.ts';
import { insertMessage } from '#storage/messages.ts';
import { takeNumber } from '#storage/rooms.ts';
import { deliverOnce } from '#storage/work.ts';
import { announce, type Chat } from './chat.ts';
import { present } from './present.ts';

/** The bot says an answer in a room: once, however often it is asked to. Nothing happens where the room is gone. */
export async function sayAsBot(chat: Chat, room: string, answer: OutgoingMessage): Promise<void> {
  const at = chat.clock();
  const { text, table, pictures } = answer.reply;
  const extra = { cause: answer.cause, ...(table && { table }), ...(pictures && { pictures }) };
  const draft = { id: newId('msg', at), room, author: null, text };
  const seq = await chat.storage.write(async (tx) => {
    if (!(await deliverOnce(tx.db, `${answer.id}:${answer.n}`, at))) return undefined;
    const [taken] = await takeNumber(tx.db, room);
    if (taken) await insertMessage(tx.db, { ...draft, seq: taken.seq, clientId: null, extra, at });
    return taken?.seq;
  });
  if (seq === undefined) return;
  const message = present({ ...draft, ...extra, seq, authorName: null, clientId: null, createdAt: at, editedAt: null });
  announce(chat, { kind: 'message', room, message });
}
