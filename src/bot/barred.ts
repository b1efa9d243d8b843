import type { AppError } from '#core/errors.ts';
import type { IncomingMessage } from '#core/message.ts';
import { standingRefusal } from '#core/standing.ts';
import { findStanding } from '#storage/sanctions.ts';
import type { Storage } from '#storage/storage.ts';

/** Why the bot does not listen to somebody: they are muted or banned in the community, as the account or under the name that speaks. */
export async function whyBarred(
  db: Storage['db'],
  { community, from, who }: Pick<IncomingMessage, 'community' | 'from' | 'who'>,
  at: number,
): Promise<AppError | undefined> {
  const { platform, account } = from;
  const speaks = account.startsWith(`${platform}:`)
    ? { platform, platformId: account.slice(platform.length + 1) }
    : undefined;
  const standing = await findStanding(db, { community, account: who.account, ...(speaks && { identity: speaks }) }, at);
  return standing && standingRefusal(standing, at);
}
