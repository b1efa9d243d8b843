import { refused, type AppError } from '#core/errors.ts';
import { standingRefusal } from '#core/standing.ts';
import { lockDownOf } from '#storage/house-rules.ts';
import type { IdentityKey } from '#storage/identities.ts';
import { findStanding } from '#storage/sanctions.ts';
import type { Tx } from '#storage/storage.ts';

export interface Joining {
  community: string;
  account: string | null;
  identity?: IdentityKey | undefined;
  at: number;
}

/**
 * Why somebody may not become a member of a community; undefined where they may. Every way in asks it, in the transaction that
 * makes the member. `account`: null where it is not made yet; `identity`: what a newcomer signs up by.
 */
export async function whyNotJoin(
  db: Tx['db'],
  { community, account, identity, at }: Joining,
): Promise<AppError | undefined> {
  const known = { ...(account !== null && { account }), ...(identity && { identity }) };
  const standing = account === null && !identity ? undefined : await findStanding(db, { community, ...known }, at);
  if (standing?.kind === 'ban') return standingRefusal(standing, at);
  if (!(await lockDownOf(db, community, at))) return undefined;
  return refused(
    'locked-down',
    'This community lets nobody new in just now. Your invite stays good: try again later.',
    'the lock-down; a moderator can end it',
  );
}
