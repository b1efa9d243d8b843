import { sql, type Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/** Communities that nobody but this account owns, by name. */
export async function ownedAlone(db: Kysely<Schema>, account: string): Promise<{ id: string; name: string }[]> {
  const { rows } = await sql<{ id: string; name: string }>`
    select c.id, c.name from members m join communities c on c.id = m.community_id
    where m.account_id = ${account} and m.role = 'owner' and not exists (
      select 1 from members o join accounts a on a.id = o.account_id
      where o.community_id = m.community_id and o.role = 'owner' and o.account_id <> ${account} and a.disabled_at is null
    ) order by c.name`.execute(db);
  return rows;
}

/** Whether somebody else runs this instance, too. */
export async function otherOperator(db: Kysely<Schema>, account: string): Promise<boolean> {
  const found = await db
    .selectFrom('accounts')
    .select('id')
    .where('operator', '=', 1)
    .where('disabled_at', 'is', null)
    .where('id', '!=', account)
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}
