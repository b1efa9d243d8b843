import type { Person } from './person.ts';

/**
 * Gives somebody a role in every community they are in. There is no page for that yet, so the row is changed in the
 * database itself, as the operator's command line does beside a running program.
 */
export async function giveRole(person: Person, role: 'guest' | 'member' | 'moderator' | 'admin'): Promise<void> {
  await person.hall.rows('update members set role = ? where account_id = ?', [role, person.id]);
}
