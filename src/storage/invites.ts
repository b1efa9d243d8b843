import { sql, type Kysely } from 'kysely';
import type { Role } from '#core/roles.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

export interface Invite {
  id: string;
  community: string;
  code: string | null;
  role: Role;
  uses: number;
  used: number;
  expiresAt: number | null;
  createdBy: string | null;
  createdAt: number;
}

export async function insertInvite(db: Db, codeHash: string, invite: Invite): Promise<void> {
  await db
    .insertInto('invites')
    .values({
      id: invite.id,
      community_id: invite.community,
      code_hash: codeHash,
      code: invite.code,
      role: invite.role,
      uses: invite.uses,
      used: invite.used,
      expires_at: invite.expiresAt,
      created_by: invite.createdBy,
      created_at: invite.createdAt,
    })
    .execute();
}

/** The invite of a code's hash, if it can still be used. */
export async function findInvite(
  db: Db,
  codeHash: string,
  now: number,
): Promise<(Invite & { communityName: string }) | undefined> {
  const row = await db
    .selectFrom('invites')
    .innerJoin('communities', 'communities.id', 'invites.community_id')
    .selectAll('invites')
    .select('communities.name as communityName')
    .where('code_hash', '=', codeHash)
    .where('used', '<', sql.ref<number>('uses'))
    .where((e) => e.or([e('expires_at', 'is', null), e('expires_at', '>', now)]))
    .executeTakeFirst();
  return row && { ...toInvite(row), communityName: row.communityName };
}

/** Uses the invite once more; false where another was quicker with the last use. */
export async function useInvite(db: Db, id: string): Promise<boolean> {
  const rows = await db
    .updateTable('invites')
    .set((e) => ({ used: e('used', '+', 1) }))
    .where('id', '=', id)
    .where('used', '<', sql.ref<number>('uses'))
    .returning('id')
    .execute();
  return rows.length === 1;
}

export interface InvitesAsked {
  community: string;
  /** Only those that this account made. */
  createdBy?: string;
  /** Only those made before this one. */
  after?: string;
  limit: number;
}

/** Invites of a community that people share, newest first; the owner's one-time link is not among them. */
export async function listInvites(db: Db, asked: InvitesAsked): Promise<(Invite & { by: string | null })[]> {
  let query = db
    .selectFrom('invites')
    .leftJoin('accounts', 'accounts.id', 'invites.created_by')
    .selectAll('invites')
    .select('accounts.name as by')
    .where('community_id', '=', asked.community)
    .where('code', 'is not', null)
    .orderBy('invites.id', 'desc')
    .limit(asked.limit);
  if (asked.createdBy !== undefined) query = query.where('created_by', '=', asked.createdBy);
  if (asked.after !== undefined) query = query.where('invites.id', '<', asked.after);
  const rows = await query.execute();
  return rows.map((row) => ({ ...toInvite(row), by: row.by }));
}

/** `createdBy`: only where this account made it. */
export async function deleteInvite(
  db: Db,
  { community, id, createdBy }: { community: string; id: string; createdBy?: string },
): Promise<boolean> {
  let query = db.deleteFrom('invites').where('community_id', '=', community).where('id', '=', id).returning('id');
  if (createdBy !== undefined) query = query.where('created_by', '=', createdBy);
  return (await query.execute()).length === 1;
}

/** Forgets the owner's one-time links; a new start makes a new one. */
export async function deleteOwnerInvites(db: Db): Promise<void> {
  await db.deleteFrom('invites').where('role', '=', 'owner').execute();
}

function toInvite(row: {
  id: string;
  community_id: string;
  code: string | null;
  role: string;
  uses: number;
  used: number;
  expires_at: number | null;
  created_by: string | null;
  created_at: number;
}): Invite {
  return {
    id: row.id,
    community: row.community_id,
    code: row.code,
    role: row.role as Role,
    uses: row.uses,
    used: row.used,
    expiresAt: row.expires_at,
    createdBy: row.created_by,
    createdAt: row.created_at,
  };
}
