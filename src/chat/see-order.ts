import { unknown } from '#core/errors.ts';
import { whyNot } from '#core/permission.ts';
import { standingRefusal, type Standing } from '#core/standing.ts';
import { roleIn } from '#storage/communities.ts';
import { countHeld } from '#storage/held-messages.ts';
import { lockDownOf, type LockDown } from '#storage/house-rules.ts';
import { moderationLog, type ModerationEntry } from '#storage/moderation-log.ts';
import { countOpenReports } from '#storage/reports.ts';
import { findStanding, listSanctions, type Sanction } from '#storage/sanctions.ts';
import { enterCommunity, type Chat, type Person } from './chat.ts';
import type { PageAsked } from './held.ts';

export { DONE } from '#storage/audit.ts';
export type { ModerationEntry } from '#storage/moderation-log.ts';
export type { Sanction } from '#storage/sanctions.ts';

/** How a person stands in a community, and what waits for them there as a moderator. */
export interface Stand {
  /** What holds against them. */
  standing: Standing | undefined;
  /** For moderators: how many messages were reported and wait, how many posts are held, and the lock-down. */
  waiting?: { reports: number; held: number; lockDown: LockDown | undefined };
}

/** Open to everybody who is in the community. Who was banned learns why, and nothing else. */
export async function seeStand(chat: Chat, person: Person, community: string): Promise<Stand> {
  const { db } = chat.storage;
  const at = chat.clock();
  const role = await roleIn(db, community, person.account);
  const standing = await findStanding(db, { community, account: person.account }, at);
  if (role === undefined) throw standing ? standingRefusal(standing, at) : unknown('community');
  if (whyNot({ account: person.account, role }, 'order.see')) return { standing };
  const [reports, held, lockDown] = await Promise.all([
    countOpenReports(db, community),
    countHeld(db, community),
    lockDownOf(db, community, at),
  ]);
  return { standing, waiting: { reports, held, lockDown } };
}

export async function seeSanctions(
  chat: Chat,
  person: Person,
  community: string,
  asked: PageAsked & { active?: boolean },
): Promise<Sanction[]> {
  await enterCommunity(chat, person, community, 'sanction.list');
  return listSanctions(chat.storage.db, { community, at: chat.clock(), ...asked });
}

/** What was done to keep order, with the reasons, newest first. */
export async function seeModerationLog(
  chat: Chat,
  person: Person,
  community: string,
  asked: PageAsked,
): Promise<ModerationEntry[]> {
  await enterCommunity(chat, person, community, 'order.see');
  return moderationLog(chat.storage.db, { community, ...asked });
}
