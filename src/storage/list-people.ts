import type { Kysely, Selectable } from 'kysely';
import type { ListEntry } from '#core/verification.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** Where an entry came from. */
export type ListSource = 'file' | 'http' | 'sql' | 'oidc';

/** An entry as it is kept. `key`: what its user id is compared by. */
export interface KeptEntry extends ListEntry {
  key: string;
  source: ListSource;
}

/** The entry that is good now: there, and not over. */
export async function findEntry(db: Db, community: string, key: string, at: number): Promise<KeptEntry | undefined> {
  const row = await db
    .selectFrom('list_people')
    .selectAll()
    .where('community_id', '=', community)
    .where('key', '=', key)
    .where((e) => e.or([e('until', 'is', null), e('until', '>', at)]))
    .executeTakeFirst();
  return row && toEntry(row);
}

/** Adds an entry, or changes the one of its key. */
export async function putEntry(db: Db, community: string, { entry, at }: { entry: KeptEntry; at: number }) {
  const row = {
    user_id: entry.userId,
    email: entry.email,
    name: entry.name,
    until: entry.until,
    source: entry.source,
    changed_at: at,
  };
  await db
    .insertInto('list_people')
    .values({ community_id: community, key: entry.key, ...row })
    .onConflict((conflict) => conflict.columns(['community_id', 'key']).doUpdateSet(row))
    .execute();
}

/** False where there was none. */
export async function deleteEntry(db: Db, community: string, key: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('list_people')
    .where('community_id', '=', community)
    .where('key', '=', key)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

function toEntry(row: Selectable<Schema['list_people']>): KeptEntry {
  const { key, email, name, until } = row;
  return { key, userId: row.user_id, email, name, until, source: row.source as ListSource };
}
