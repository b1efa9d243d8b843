import type { Tx } from './door.ts';
import { insertMentions, insertMessage, insertPlain, type MessageExtra } from './messages.ts';
import { takeNumber } from './rooms.ts';
import { deliverOnce } from './work.ts';
import type { Storage } from './storage.ts';

/** A message that has no number yet. */
export interface PostDraft {
  id: string;
  room: string;
  /** null: the bot. */
  author: string | null;
  text: string;
  /** With the author and the room: there is one message under it. */
  clientId: string | null;
  /** `mentions` in it are counted for those who are mentioned. */
  extra?: MessageExtra;
  /** An answer's own id: it is said once, however often it is asked to. */
  delivery?: string;
  createdAt: number;
}

/** The number in the room; or there is such a message already; or the room is gone. Only the first takes a number. */
export type Posted = number | 'repeated' | 'gone';

/** Stores a message through the door: the way of a database with one writer. */
export function postThroughDoor(draft: PostDraft, write: Storage['write']): Promise<Posted> {
  return write((tx) => store(tx, draft)).catch(repeatedOr);
}

/** The number was taken: only by undoing itself does the work give it back. */
class Repeated extends Error {}

function repeatedOr(error: unknown): 'repeated' {
  if (error instanceof Repeated) return 'repeated';
  throw error;
}

async function store(tx: Tx, draft: PostDraft): Promise<Posted> {
  const { id, room, author, text, clientId, extra, createdAt } = draft;
  if (draft.delivery !== undefined && !(await deliverOnce(tx.db, draft.delivery, createdAt))) return 'repeated';
  const [taken] = await takeNumber(tx.db, room);
  if (!taken) return 'gone';
  const { seq } = taken;
  if (author !== null && clientId !== null && extra === undefined) {
    const rows = await insertPlain(tx.db, room, seq, id, author, text, clientId, createdAt);
    if (rows.length === 0) throw new Repeated();
    return seq;
  }
  if (!(await insertMessage(tx.db, { room, seq, id, author, text, clientId, extra: extra ?? {}, at: createdAt })))
    throw new Repeated();
  await insertMentions(tx.db, room, seq, extra?.mentions ?? []);
  return seq;
}
