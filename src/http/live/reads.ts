import { readAfter } from '#chat/catch-up.ts';
import type { Chat } from '#chat/chat.ts';
import { LIMITS } from '#core/limits.ts';
import { messageFrame } from './feed.ts';
import { fewAtOnce } from './few-at-once.ts';
import type { Page } from './order.ts';

/** Reads at once to make good what did not come: half of a hall's connections for reading, so that people get theirs. */
const READS_AT_ONCE = 3;
/** Looks at once at rooms and connections after a loss, each with two queries: nobody waits for one of them. */
const LOOKS_AT_ONCE = 1;

/** Runs what reads for many rooms or connections. */
export type Few = <T>(work: () => Promise<T>) => Promise<T>;

/** For what people wait for: messages and answers that did not come. */
export function fewReads(): Few {
  return fewAtOnce(READS_AT_ONCE);
}

/** For what is looked through after a loss. */
export function fewLooks(): Few {
  return fewAtOnce(LOOKS_AT_ONCE);
}

/** Reads what a room's followers miss. */
export async function readPage(chat: Chat, room: string, after: number): Promise<Page> {
  const messages = await readAfter(chat, room, after, LIMITS.historyPage);
  const frames = messages.map((message) => messageFrame(room, message));
  return { frames, whole: messages.length < LIMITS.historyPage };
}
