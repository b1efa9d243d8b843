import { sql } from 'kysely';
import { databaseNow } from './database-clock.ts';
import type { Storage } from './storage.ts';

/** Who wants to hold what, for so many ms from now. */
export interface LeaseWish {
  holder: string;
  names: readonly string[];
  ms: number;
}

/** Takes or renews those of the leases that are the holder's, free or over. Gives the names that it holds now. */
export async function takeLeases(storage: Storage, { holder, names, ms }: LeaseWish): Promise<string[]> {
  if (names.length === 0) return [];
  const now = databaseNow(storage.dialect);
  // In one order, so that two processes that take several never wait for each other.
  const values = names.toSorted().map((name) => ({ name, holder, until: sql<number>`${now} + ${sql.lit(ms)}` }));
  const rows = await storage.write((tx) =>
    tx.db
      .insertInto('leases')
      .values(values)
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet((e) => ({ holder: e.ref('excluded.holder'), until: e.ref('excluded.until') }))
          .where((e) => e.or([e('leases.holder', '=', holder), e('leases.until', '<', now)])),
      )
      .returning('name')
      .execute(),
  );
  return rows.map(({ name }) => name);
}

/** Gives leases back; those of others stay. */
export async function releaseLeases(
  storage: Storage,
  { holder, names }: Pick<LeaseWish, 'holder' | 'names'>,
): Promise<void> {
  if (names.length === 0) return;
  await storage.write((tx) =>
    tx.db.deleteFrom('leases').where('name', 'in', names).where('holder', '=', holder).execute(),
  );
}

/** Who holds the lease now; undefined where nobody does. */
export async function holderOf(storage: Storage, name: string): Promise<string | undefined> {
  const row = await storage.db
    .selectFrom('leases')
    .select('holder')
    .where('name', '=', name)
    .where('until', '>', databaseNow(storage.dialect))
    .executeTakeFirst();
  return row?.holder;
}
