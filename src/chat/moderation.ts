import type { Moderation } from '#core/moderation.ts';
import type { Chat } from './chat.ts';
import { liftFrom } from './lift-sanction.ts';
import { lockDown, slow } from './order-room.ts';
import { reportElsewhere } from './report-elsewhere.ts';
import { sanction } from './sanction.ts';
import { findWhom } from './whom.ts';

/** What moderators do, for commands. Pages and HTTP call the same acts. */
export function moderation(chat: Chat): Moderation {
  return {
    mute: (act) => sanction(chat, { ...act, kind: 'mute' }),
    kick: (act) => sanction(chat, { ...act, kind: 'kick' }),
    ban: (act) => sanction(chat, { ...act, kind: 'ban' }),
    lift: (act) => liftFrom(chat, act),
    slow: (act) => slow(chat, act),
    lockDown: (act) => lockDown(chat, act),
    report: (made) => reportElsewhere(chat, made),
    find: (asked) => findWhom(chat.storage.db, asked),
  };
}
