import type { Role } from '#core/roles.ts';
import type { Person } from './person.ts';

/**
 * Gives somebody a role in every community they are in. There is no page for that yet, so the row is changed in the
 * database itself, as the operator's command line does beside a running program.
 */
export async function giveRole(person: Person, role: 'guest' | 'member' | 'moderator' | 'admin'): Promise<void> {
  await person.hall.rows('update members set role = ? where account_id = ?', [role, person.id]);
}

/** Makes somebody a member of this community alone, who was a member of the first. */
export async function moveTo(person: Person, community: string, role: Role): Promise<void> {
  const values = [community, role, person.id];
  await person.hall.rows('update members set community_id = ?, role = ? where account_id = ?', values);
}
