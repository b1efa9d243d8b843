import { sql, type Kysely, type RawBuilder } from 'kysely';
import { ROLES, type Role } from '#core/roles.ts';
import { startsWith } from './accounts.ts';
import { roleBehindGate } from './gate.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

export interface Member {
  id: string;
  username: string;
  name: string;
  role: Role;
  joinedAt: number;
}

export interface MembersAsked {
  community: string;
  /** The start of a username or name. */
  query?: string;
  roles?: readonly Role[];
  /** After whom the page begins: the last of the page before. */
  after?: Pick<Member, 'role' | 'username'>;
  limit: number;
}

/** A page of a community's members, those first who have the most to say, then by username. */
export async function listMembers(db: Db, { community, query, roles, after, limit }: MembersAsked): Promise<Member[]> {
  let found = db
    .selectFrom('members')
    .innerJoin('accounts', 'accounts.id', 'members.account_id')
    .select(['accounts.id', 'accounts.username', 'accounts.name', 'members.role', 'members.joined_at as joinedAt'])
    .where('members.community_id', '=', community)
    .where('accounts.disabled_at', 'is', null);
  if (query) found = found.where((e) => startsWith(e, query));
  if (roles) found = found.where('members.role', 'in', roles);
  if (after) {
    const last = sql<boolean>`(${sql.lit(rankOf(after.role))}, ${after.username})`;
    found = found.where(sql<boolean>`(${RANK}, accounts.username) > ${last}`);
  }
  const rows = await found.orderBy(RANK).orderBy('accounts.username').limit(limit).execute();
  return rows.map((row) => ({ ...row, role: row.role as Role }));
}

/** How many members have which role. */
export async function countRoles(db: Db, community: string): Promise<Record<Role, number>> {
  const rows = await db
    .selectFrom('members')
    .innerJoin('accounts', 'accounts.id', 'members.account_id')
    .select(['members.role', (e) => e.fn.countAll<number>().as('count')])
    .where('members.community_id', '=', community)
    .where('accounts.disabled_at', 'is', null)
    .groupBy('members.role')
    .execute();
  const counts = new Map(rows.map(({ role, count }) => [role, Number(count)]));
  return Object.fromEntries(ROLES.map((role) => [role, counts.get(role) ?? 0])) as Record<Role, number>;
}

/** When these accounts were last seen here, and what they are called elsewhere. */
export async function memberDetails(db: Db, accounts: string[]): Promise<Map<string, MemberDetails>> {
  const details = new Map<string, MemberDetails>(accounts.map((id) => [id, { lastSeenAt: null, identities: [] }]));
  if (accounts.length === 0) return details;
  const seen = await db
    .selectFrom('sessions')
    .select(['account_id', (e) => e.fn.max('last_seen_at').as('at')])
    .where('account_id', 'in', accounts)
    .groupBy('account_id')
    .execute();
  const named = await db
    .selectFrom('identities')
    .select(['account_id', 'platform', 'name'])
    .where('account_id', 'in', accounts)
    // By what they sign in, and what it calls them, is their own affair.
    .where('platform', 'not like', 'oidc:%')
    .orderBy('linked_at')
    .execute();
  for (const { account_id, at } of seen) (details.get(account_id) as MemberDetails).lastSeenAt = at;
  for (const { account_id, ...identity } of named) details.get(account_id)?.identities.push(identity);
  return details;
}

export interface MemberDetails {
  lastSeenAt: number | null;
  identities: { platform: string; name: string }[];
}

/** Gives what they are then: while the gate is shut for them, a guest instead of a member. */
export async function setMemberRole(db: Db, community: string, account: string, wanted: Role): Promise<Role> {
  const role = await roleBehindGate(db, community, account, wanted);
  await db
    .updateTable('members')
    .set({ role })
    .where('account_id', '=', account)
    .where('community_id', '=', community)
    .execute();
  return role;
}

/** Takes somebody out, of private rooms too, and ends the invites of their making: coming back is for others to allow. */
export async function deleteMember(db: Db, community: string, account: string): Promise<void> {
  await db.deleteFrom('members').where('account_id', '=', account).where('community_id', '=', community).execute();
  await db
    .deleteFrom('room_members')
    .where('account_id', '=', account)
    .where('room_id', 'in', (e) => e.selectFrom('rooms').select('id').where('community_id', '=', community))
    .execute();
  await deleteInvitesBy(db, community, account);
}

export async function deleteInvitesBy(db: Db, community: string, account: string): Promise<void> {
  await db.deleteFrom('invites').where('created_by', '=', account).where('community_id', '=', community).execute();
}

/** Whether somebody else is an owner there who can sign in. */
export async function hasOtherOwner(db: Db, community: string, account: string): Promise<boolean> {
  const row = await db
    .selectFrom('members')
    .innerJoin('accounts', 'accounts.id', 'members.account_id')
    .select('accounts.id')
    .where('members.community_id', '=', community)
    .where('members.role', '=', 'owner')
    .where('accounts.id', '!=', account)
    .where('accounts.disabled_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

const rankOf = (role: Role): number => ROLES.length - ROLES.indexOf(role);

/** The most for guests: they come last. */
const RANK: RawBuilder<number> = sql`case members.role ${sql.join(
  ROLES.map((role) => sql`when ${sql.lit(role)} then ${sql.lit(rankOf(role))}`),
  sql` `,
)} else 0 end`;
