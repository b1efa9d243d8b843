import { unknown } from '#core/errors.ts';
import type { PublicMessage } from '#core/live.ts';
import { whyNot, type Action } from '#core/permission.ts';
import { record } from '#storage/audit.ts';
import {
  findMessage,
  deleteMentions,
  insertMentions,
  markDeleted,
  updateText,
  type StoredMessage,
} from '#storage/messages.ts';
import { announce, enterRoom, type Chat, type Person, type SeenRoom } from './chat.ts';
import { readMentions } from './mentions.ts';
import { checkText } from './post-message.ts';
import { present } from './present.ts';

/** Changes the words of one's own message. Its number stays; whom it mentions is counted anew. */
export async function editMessage(chat: Chat, person: Person, id: string, words: string): Promise<PublicMessage> {
  const text = checkText(words);
  const { stored, room } = await find(chat, person, id, 'message.edit');
  await chat.order?.judge(person, room, { text, edit: true });
  const mentions = await readMentions(chat, room, text);
  const at = chat.clock();
  await chat.storage.write(async (tx) => {
    if (!(await updateText(tx.db, id, { text, mentions, at }))) throw unknown('message');
    await deleteMentions(tx.db, room.id, stored.seq);
    await insertMentions(tx.db, room.id, stored.seq, mentions);
  });
  const { mentions: _before, ...rest } = stored;
  const message = present({ ...rest, text, editedAt: at, ...(mentions.length > 0 && { mentions }) });
  announce(chat, { kind: 'edited', room: room.id, message });
  return message;
}

/** Deletes a message: one's own, or as a moderator anybody's, which is written down with the reason. */
export async function deleteMessage(chat: Chat, person: Person, id: string, reason = ''): Promise<void> {
  const { stored, room } = await find(chat, person, id, 'message.delete');
  const at = chat.clock();
  await chat.storage.write(async (tx) => {
    await markDeleted(tx.db, stored, at);
    if (stored.author === person.account) return;
    await record(tx.db, {
      community: room.community,
      account: person.account,
      action: 'moderation.delete',
      subject: id,
      place: room.id,
      detail: JSON.stringify({ ...(stored.authorName && { person: stored.authorName }), reason }),
      at,
    });
  });
  announce(chat, { kind: 'deleted', room: room.id, message: { id, seq: stored.seq, room: room.id } });
}

async function find(
  chat: Chat,
  person: Person,
  id: string,
  action: Action,
): Promise<{ stored: StoredMessage; room: SeenRoom }> {
  const stored = await findMessage(chat.storage.db, id);
  if (!stored) throw unknown('message');
  const room = await enterRoom(chat, person, stored.room, 'room.read').catch(() => {
    throw unknown('message');
  });
  const refusal = whyNot({ account: person.account, role: room.role }, action, { owner: stored.author ?? 'bot' });
  if (refusal) throw refusal;
  return { stored, room };
}
