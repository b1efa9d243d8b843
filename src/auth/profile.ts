import { badRequest, unknown } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { whyNot } from '#core/permission.ts';
import type { Role } from '#core/roles.ts';
import { countAccounts, renameAccount, setOperator, setPasswordHash, findAccount } from '#storage/accounts.ts';
import { record } from '#storage/audit.ts';
import {
  addMember,
  firstCommunity,
  membershipsOf,
  renameCommunity,
  roleIn,
  type Membership,
} from '#storage/communities.ts';
import { deleteOwnerInvites } from '#storage/invites.ts';
import type { Auth } from './auth.ts';
import { checkPassword, hashPassword } from './passwords.ts';
import { endEveryWayIn } from './sessions.ts';

type Keeper = Pick<Auth, 'storage' | 'clock' | 'announce'>;

export function memberships(auth: Pick<Auth, 'storage'>, account: string): Promise<Membership[]> {
  return membershipsOf(auth.storage.db, account);
}

/** What a stranger may know of the hall: its name, and whether anybody has an account. */
export async function hallFacts(auth: Pick<Auth, 'storage'>): Promise<{ name: string; empty: boolean }> {
  const { name } = await firstCommunity(auth.storage.db);
  return { name, empty: (await countAccounts(auth.storage.db)) === 0 };
}

/** Changes the name that others see. */
export async function rename(auth: Keeper, account: string, name: string): Promise<void> {
  const trimmed = name.trim();
  if (trimmed === '') throw badRequest('empty-name', 'A name needs at least one character.');
  await auth.storage.write(async (tx) => {
    await renameAccount(tx.db, account, trimmed);
    // Without the name: what somebody was called goes when they delete their account.
    await record(tx.db, { community: null, account, action: 'account.rename', subject: account, at: auth.clock() });
  });
  auth.announce({ kind: 'renamed', account, name: trimmed });
}

/** Names the community anew. */
export async function nameCommunity(
  auth: Keeper,
  account: string,
  community: string,
  name: string,
): Promise<{ id: string; name: string; role: Role }> {
  const role = await roleIn(auth.storage.db, community, account);
  if (role === undefined) throw unknown('community');
  const refusal = whyNot({ account, role }, 'community.change');
  if (refusal) throw refusal;
  const trimmed = name.trim().slice(0, LIMITS.communityName);
  if (trimmed === '') throw badRequest('empty-name', 'A name needs at least one character.');
  await auth.storage.write(async (tx) => {
    await renameCommunity(tx.db, community, trimmed);
    await record(tx.db, { community, account, action: 'community.rename', subject: community, at: auth.clock() });
  });
  auth.announce({ kind: 'rooms', community });
  return { id: community, name: trimmed, role };
}

/** For the command line: a new password; all sessions and tokens end. */
export async function resetPassword(auth: Keeper, username: string, password: string): Promise<void> {
  checkPassword(password);
  const account = await findAccount(auth.storage.db, { username });
  if (!account) throw unknown('account');
  const passwordHash = await hashPassword(password);
  await auth.storage.write((tx) => setPasswordHash(tx.db, account.id, passwordHash));
  await endEveryWayIn(auth, account.id);
}

/** For the command line: a member's role in the first community. An owner is the operator too; nobody else is. */
export async function setRole(auth: Keeper, username: string, role: Role): Promise<void> {
  const account = await findAccount(auth.storage.db, { username });
  if (!account) throw unknown('account');
  const at = auth.clock();
  await auth.storage.write(async (tx) => {
    const community = (await firstCommunity(tx.db)).id;
    await addMember(tx.db, { community, account: account.id, role, at });
    await setOperator(tx.db, account.id, role === 'owner');
    if (role === 'owner') await deleteOwnerInvites(tx.db);
    await record(tx.db, { community, account: null, action: 'member.role', subject: account.id, detail: role, at });
  });
}
