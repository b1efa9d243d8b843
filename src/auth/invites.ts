import { refused, unknown } from '#core/errors.ts';
import { newCode, newId } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import { whyNot } from '#core/permission.ts';
import { atLeast, type Role } from '#core/roles.ts';
import { addMember, firstCommunity, roleIn } from '#storage/communities.ts';
import { record } from '#storage/audit.ts';
import { inTurn } from '#storage/in-turn.ts';
import { deleteInvite, findInvite, insertInvite, listInvites, useInvite, type Invite } from '#storage/invites.ts';
import { digest, type Auth } from './auth.ts';
import { whyNotJoin } from './may-join.ts';
import { readCode } from './sign-up.ts';

export type { Invite } from '#storage/invites.ts';

type Inviter = Pick<Auth, 'storage' | 'clock'>;

export interface InviteAsked {
  uses: number;
  /** Days until it ends. */
  days: number;
  /** What people are when they come by it; at most a moderator, and no more than who makes it. */
  role?: Exclude<Role, 'admin' | 'owner'>;
  /** Where it leads; the instance's first one where left out. */
  community?: string;
}

/** Makes an invite to a community. `by`: who asks, or null for the operator at the command line. */
export async function makeInvite(
  auth: Inviter,
  by: string | null,
  asked: InviteAsked,
): Promise<Invite & { code: string }> {
  const role = asked.role ?? 'member';
  const community = await communityFor(auth, by, asked.community);
  if (by !== null) await needOwnRole(auth, { community, by, role });
  const code = newCode(2);
  const at = auth.clock();
  const expiresAt = at + asked.days * 86_400_000;
  const times = { expiresAt, createdBy: by, createdAt: at };
  const invite = { id: newId('inv', at), community, code, role, uses: asked.uses, used: 0, ...times };
  await auth.storage.write(async (tx) => {
    await insertInvite(tx.db, digest(code), invite);
    await record(tx.db, { community, account: by, action: 'invite.make', subject: invite.id, detail: role, at });
  });
  return invite;
}

export interface InvitePage {
  community?: string;
  /** The last invite of the page before. */
  after?: string;
  limit?: number;
}

export interface SeenInvites {
  invites: (Invite & { by: string | null })[];
  /** The `after` of the next page. */
  next?: string;
}

/** Admins see every invite of the community, moderators their own; the newest first. */
export async function seeInvites(auth: Inviter, by: string, page: InvitePage = {}): Promise<SeenInvites> {
  const community = await communityFor(auth, by, page.community);
  const limit = page.limit ?? LIMITS.historyDefault;
  const all = await seesAll(auth, community, by);
  const rows = await listInvites(auth.storage.db, {
    community,
    limit: limit + 1,
    ...(!all && { createdBy: by }),
    ...(page.after !== undefined && { after: page.after }),
  });
  const invites = rows.slice(0, limit);
  const last = invites.at(-1);
  return rows.length > limit && last ? { invites, next: last.id } : { invites };
}

/** Ends an invite: one's own, or as an admin anybody's. */
export async function endInvite(auth: Inviter, by: string, id: string, where?: string): Promise<void> {
  const community = await communityFor(auth, by, where);
  const own = (await seesAll(auth, community, by)) ? {} : { createdBy: by };
  await auth.storage.write(async (tx) => {
    if (!(await deleteInvite(tx.db, { community, id, ...own }))) throw unknown('invite');
    await record(tx.db, { community, account: by, action: 'invite.end', subject: id, at: auth.clock() });
  });
}

/** What an invite's code is good for; anybody who has it may ask. */
export async function lookAtInvite(auth: Inviter, code: string): Promise<Invite & { communityName: string }> {
  const invite = await findInvite(auth.storage.db, digest(readCode(code)), auth.clock());
  if (!invite) throw unknown('invite');
  return invite;
}

/** Joins a community by an invite. For somebody who is in it already nothing changes, and no use is counted. */
export async function acceptInvite(
  auth: Inviter & Pick<Auth, 'announce'>,
  account: string,
  code: string,
): Promise<{ id: string; name: string; role: Role }> {
  const invite = await lookAtInvite(auth, code);
  // The owner's one-time link makes an account; it leads nobody in who has one.
  if (invite.role === 'owner') throw unknown('invite');
  const { id, community, role, communityName: name } = invite;
  const has = await auth.storage.write(async (tx) => {
    await inTurn(tx.db, `join ${account}`);
    const before = await roleIn(tx.db, community, account);
    if (before !== undefined) return before;
    const at = auth.clock();
    // Whoever is banned in this moment is not in the next.
    await inTurn(tx.db, `sanctions of ${community}`);
    const refusal = await whyNotJoin(tx.db, { community, account, at });
    if (refusal) throw refusal;
    if (!(await useInvite(tx.db, id))) throw unknown('invite');
    await addMember(tx.db, { community, account, role, at });
    await record(tx.db, { community, account, action: 'invite.accept', subject: id, detail: role, at });
    return role;
  });
  auth.announce({ kind: 'rooms', community, account });
  auth.announce({ kind: 'members', community });
  return { id: community, name, role: has };
}

async function seesAll(auth: Inviter, community: string, by: string): Promise<boolean> {
  return whyNot({ account: by, role: await roleIn(auth.storage.db, community, by) }, 'invite.list') === undefined;
}

/** The community that invites lead to, for somebody who may make them. One that they are not in is not theirs to see. */
async function communityFor(auth: Inviter, by: string | null, wanted: string | undefined): Promise<string> {
  const community = wanted ?? (await firstCommunity(auth.storage.db)).id;
  if (by === null) return community;
  const role = await roleIn(auth.storage.db, community, by);
  if (role === undefined && wanted !== undefined) throw unknown('community');
  const refusal = whyNot({ account: by, role }, 'invite.make');
  if (refusal) throw refusal;
  return community;
}

/** Nobody lets others in as more than they are themselves. */
async function needOwnRole(auth: Inviter, { community, by, role }: { community: string; by: string; role: Role }) {
  const own = await roleIn(auth.storage.db, community, by);
  if (own !== undefined && atLeast(own, role)) return;
  throw refused('not-allowed', `You cannot invite as ${role}.`, 'invite.make: at most one’s own role');
}
