import { refused, type AppError } from '#core/errors.ts';
import { standingRefusal } from '#core/standing.ts';
import { lockDownOf } from '#storage/house-rules.ts';
import { findStanding } from '#storage/sanctions.ts';
import type { Tx } from '#storage/storage.ts';

/**
 * Why somebody may not become a member of a community; undefined where they may. Every way in asks it, in the transaction that
 * makes the member. `account`: null where it is not made yet.
 */
export async function whyNotJoin(
  db: Tx['db'],
  { community, account, at }: { community: string; account: string | null; at: number },
): Promise<AppError | undefined> {
  const standing = account === null ? undefined : await findStanding(db, { community, account }, at);
  if (standing?.kind === 'ban') return standingRefusal(standing, at);
  if (!(await lockDownOf(db, community, at))) return undefined;
  return refused(
    'locked-down',
    'This community lets nobody new in just now. Your invite stays good: try again later.',
    'the lock-down; a moderator can end it',
  );
}
