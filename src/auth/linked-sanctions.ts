import { conflict, type AppError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { LiveEvent } from '#core/live.ts';
import { atLeast, type Role } from '#core/roles.ts';
import { record } from '#storage/audit.ts';
import { membershipsOf, type Membership } from '#storage/communities.ts';
import type { Identity } from '#storage/identities.ts';
import { inTurn } from '#storage/in-turn.ts';
import { deleteMember } from '#storage/members.ts';
import { holdAgainst, insertSanction, leaveName, sanctionsOfName, type Sanction } from '#storage/sanctions.ts';
import type { Tx } from '#storage/storage.ts';

/**
 * What holds against a name on a platform holds for the account that links it, from that commit on: also when it is unlinked
 * again. A ban takes the membership. Gives the communities where something changed, for `tellSanctioned` after the commit.
 * Whoever keeps order there is not put out by a link: 409 `sanctioned-there`, before anything is written.
 */
export async function carrySanctions(tx: Tx, linked: Identity): Promise<string[]> {
  const { account, linkedAt: at } = linked;
  const mine = await membershipsOf(tx.db, account);
  // Whoever sanctions the name at the same time comes before or after this, not beside it.
  for (const { id } of mine.toSorted((a, b) => (a.id < b.id ? -1 : 1))) await inTurn(tx.db, `sanctions of ${id}`);
  const held = (await sanctionsOfName(tx.db, linked, at)).filter((one) => (one.account ?? one.of) !== account);
  for (const one of held) needNoStaff(mine, one);
  for (const one of held) await carry(tx, one, { linked, role: roleAt(mine, one) });
  return [...new Set(held.map(({ community }) => community))];
}

/** To the account's open pages, and to all who look at the members there. */
export function tellSanctioned(announce: (event: LiveEvent) => void, account: string, communities: string[]): void {
  for (const community of communities) {
    announce({ kind: 'rooms', community, account });
    announce({ kind: 'members', community });
    announce({ kind: 'order', community, accounts: [account] });
  }
}

function roleAt(mine: Membership[], { community }: Sanction): Role | undefined {
  return mine.find(({ id }) => id === community)?.role;
}

function needNoStaff(mine: Membership[], sanction: Sanction): void {
  const there = mine.find(({ id }) => id === sanction.community);
  if (there && atLeast(there.role, 'moderator')) throw sanctionedThere(sanction, there.name);
}

async function carry(
  tx: Tx,
  sanction: Sanction,
  { linked, role }: { linked: Identity; role: Role | undefined },
): Promise<void> {
  const { id, community, kind, reason } = sanction;
  const { account, linkedAt: at, name } = linked;
  const was = kind === 'ban' ? (role ?? null) : null;
  if (sanction.account === null) await holdAgainst(tx.db, { id, account, was });
  else {
    // Each of the two can then be ended without the other.
    await leaveName(tx.db, id);
    await insertSanction(tx.db, { ...sanction, id: newId('sanc', at), account, partOf: null, was });
  }
  if (kind === 'ban' && role !== undefined) await deleteMember(tx.db, community, account);
  const detail = JSON.stringify({ person: name, kind, reason });
  await record(tx.db, { community, account: null, action: 'moderation.carry', subject: account, detail, at });
}

function sanctionedThere({ kind }: Sanction, community: string): AppError {
  const what = kind === 'ban' ? 'banned' : 'muted';
  return conflict(
    'sanctioned-there',
    `That name is ${what} in ${community}, where you keep order. End that on its page Moderation, or have another moderator do it; then link it.`,
  );
}
