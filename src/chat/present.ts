import { toRfc3339 } from '#core/clock.ts';
import type { PublicMessage } from '#core/live.ts';
import type { StoredMessage } from '#storage/messages.ts';

/** The bot as an author. */
export const BOT = { id: 'bot_guildhall', name: 'Guildhall', kind: 'bot' } as const;

/** A stored message as people get it. */
export function present(message: StoredMessage): PublicMessage {
  const { id, seq, room, text, table, pictures, cause, mentions } = message;
  return {
    id,
    seq,
    room,
    author: authorOf(message),
    text,
    ...(table && { table }),
    ...(pictures && { pictures }),
    ...(cause && { cause }),
    ...(mentions && { mentions }),
    createdAt: toRfc3339(message.createdAt),
    ...(message.editedAt !== null && { editedAt: toRfc3339(message.editedAt) }),
  };
}

/** A person, the bot, or a webhook under its own name. */
function authorOf({ author, authorName, from }: StoredMessage): PublicMessage['author'] {
  if (author !== null) return { id: author, name: authorName ?? 'somebody who left', kind: 'person' };
  return from ? { ...from, kind: 'bot' } : BOT;
}
