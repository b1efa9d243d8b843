import type { AppError } from '#core/errors.ts';
import type { IncomingMessage } from '#core/message.ts';
import { whyNot } from '#core/permission.ts';
import { atLeast } from '#core/roles.ts';
import { standingRefusal } from '#core/standing.ts';
import { roleIn } from '#storage/communities.ts';
import { findStandings } from '#storage/sanctions.ts';
import type { Storage } from '#storage/storage.ts';

type Db = Storage['db'];
type Heard = Pick<IncomingMessage, 'community' | 'from' | 'who'>;
type Held = Awaited<ReturnType<typeof findStandings>>[number];

/** Why the bot does not listen to somebody: they are muted or banned in the community, as the account or under the name that speaks. */
export async function whyBarred(db: Db, heard: Heard, at: number): Promise<AppError | undefined> {
  const { community, from, who } = heard;
  const { platform, account } = from;
  const speaks = account.startsWith(`${platform}:`)
    ? { platform, platformId: account.slice(platform.length + 1) }
    : undefined;
  const whose = { community, account: who.account, ...(speaks && { identity: speaks }) };
  for (const held of await findStandings(db, whose, at))
    if (!speaks || !(await standsAbove(db, heard, held))) return standingRefusal(held, at);
  return undefined;
}

/**
 * Whether somebody is more there than who acted on them may act on. What a platform makes of a person is known when they speak, and
 * was not when they were muted or banned by their name there; so it is judged now.
 */
async function standsAbove(db: Db, { community, who }: Heard, { kind, madeBy }: Held): Promise<boolean> {
  if (who.role === undefined || !atLeast(who.role, 'moderator')) return false;
  // Whoever keeps order here was known as one.
  const here = await roleIn(db, community, who.account);
  if (here !== undefined && atLeast(here, 'moderator')) return false;
  const maker = madeBy === null ? undefined : await roleIn(db, community, madeBy);
  const by = { account: madeBy ?? '', role: maker ?? ('moderator' as const) };
  return whyNot(by, `person.${kind}`, { role: who.role }) !== undefined;
}
