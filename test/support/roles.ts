import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Person } from './person.ts';

/**
 * Gives somebody a role in every community they are in. There is no page for that yet, so the row is changed in the
 * hall's own database, as its command line does beside a running hall.
 */
export function giveRole(person: Person, role: 'guest' | 'member' | 'moderator' | 'admin'): void {
  const database = new DatabaseSync(join(person.hall.data, 'data/hall.db'), { timeout: 5_000 });
  try {
    database.prepare('update members set role = ? where account_id = ?').run(role, person.id);
  } finally {
    database.close();
  }
}
