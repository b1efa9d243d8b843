import type { Account, Community, Member, MembersPage, Role } from '#contracts/web.ts';
import { call } from './api.ts';

export const ROLES: Role[] = ['guest', 'member', 'moderator', 'admin', 'owner'];
/** Who keeps order. */
export const KEEPERS: Role[] = ['moderator', 'admin', 'owner'];
export const PAGE = 50;

export type Asked = { query: string; roles: Role[]; after: string | null };

/** A page of the members of a community. */
export function seeMembers(community: string, { query, roles, after }: Asked): Promise<MembersPage> {
  const asked = new URLSearchParams({ limit: String(PAGE) });
  if (query.trim() !== '') asked.set('query', query.trim());
  if (roles.length > 0) asked.set('role', roles.join(','));
  if (after !== null) asked.set('after', after);
  return call<MembersPage>(`/v1/communities/${community}/members?${asked}`);
}

export function giveRole(community: string, account: string, role: Role): Promise<void> {
  return call(`/v1/communities/${community}/members/${account}`, { method: 'PATCH', body: { role } });
}

/** `me` for oneself. */
export function takeOut(community: string, account: string): Promise<void> {
  return call(`/v1/communities/${community}/members/${account}`, { method: 'DELETE' });
}

/** The roles that I may give somebody: below my own, as an owner all, and to myself what is less. The hall decides in the end. */
export function rolesFor(member: Member, mine: Community, me: Account): Role[] {
  const rank = ROLES.indexOf(mine.role);
  if (member.id === me.id) return ROLES.slice(0, rank + 1);
  if (mine.role === 'owner') return ROLES;
  if (rank < ROLES.indexOf('admin') || ROLES.indexOf(member.role) >= rank) return [];
  return ROLES.slice(0, rank);
}

/** Whether I may take somebody out. */
export function mayTakeOut(member: Member, mine: Community, me: Account): boolean {
  if (member.id === me.id) return false;
  if (mine.role === 'owner') return true;
  const rank = ROLES.indexOf(mine.role);
  return rank >= ROLES.indexOf('moderator') && ROLES.indexOf(member.role) < rank;
}
