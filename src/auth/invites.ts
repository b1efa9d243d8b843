import { unknown } from '#core/errors.ts';
import { newCode, newId } from '#core/ids.ts';
import { whyNot } from '#core/permission.ts';
import { firstCommunity, roleIn } from '#storage/communities.ts';
import { record } from '#storage/audit.ts';
import { deleteInvite, findInvite, insertInvite, listInvites, type Invite } from '#storage/invites.ts';
import { digest, type Auth } from './auth.ts';
import { readCode } from './sign-up.ts';

export type { Invite } from '#storage/invites.ts';

type Inviter = Pick<Auth, 'storage' | 'clock'>;

export interface InviteAsked {
  uses: number;
  /** Days until it ends. */
  days: number;
}

/** Makes an invite to the instance's first community. `by`: who asks, or null for the operator at the command line. */
export async function makeInvite(
  auth: Inviter,
  by: string | null,
  asked: InviteAsked,
): Promise<Invite & { code: string }> {
  const community = await communityFor(auth, by);
  const code = newCode(2);
  const at = auth.clock();
  const expiresAt = at + asked.days * 86_400_000;
  const invite = {
    id: newId('inv', at),
    community,
    code,
    role: 'member' as const,
    uses: asked.uses,
    used: 0,
    expiresAt,
    createdBy: by,
    createdAt: at,
  };
  await auth.storage.write(async (tx) => {
    await insertInvite(tx.db, digest(code), invite);
    await record(tx.db, { community, account: by, action: 'invite.make', subject: invite.id, at });
  });
  return invite;
}

/** Admins see every invite of the community, moderators their own. */
export async function seeInvites(auth: Inviter, by: string): Promise<(Invite & { by: string | null })[]> {
  const community = await communityFor(auth, by);
  const invites = await listInvites(auth.storage.db, community);
  return (await seesAll(auth, community, by)) ? invites : invites.filter(({ createdBy }) => createdBy === by);
}

/** Ends an invite: one's own, or as an admin anybody's. */
export async function endInvite(auth: Inviter, by: string, id: string): Promise<void> {
  const seen = (await seeInvites(auth, by)).find((invite) => invite.id === id);
  if (!seen) throw unknown('invite');
  const { community } = seen;
  await auth.storage.write(async (tx) => {
    if (!(await deleteInvite(tx.db, community, id))) throw unknown('invite');
    await record(tx.db, { community, account: by, action: 'invite.end', subject: id, at: auth.clock() });
  });
}

async function seesAll(auth: Inviter, community: string, by: string): Promise<boolean> {
  return whyNot({ account: by, role: await roleIn(auth.storage.db, community, by) }, 'invite.list') === undefined;
}

/** What an invite's code is good for; anybody who has it may ask. */
export async function lookAtInvite(auth: Inviter, code: string): Promise<Invite & { communityName: string }> {
  const invite = await findInvite(auth.storage.db, digest(readCode(code)), auth.clock());
  if (!invite) throw unknown('invite');
  return invite;
}

/** The community that invites lead to, for somebody who may make them. */
async function communityFor(auth: Inviter, by: string | null): Promise<string> {
  const community = (await firstCommunity(auth.storage.db)).id;
  if (by === null) return community;
  const refusal = whyNot({ account: by, role: await roleIn(auth.storage.db, community, by) }, 'invite.make');
  if (refusal) throw refusal;
  return community;
}
