import type { Kysely, Selectable } from 'kysely';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** The database that a community takes its list from. */
export interface ChosenSource {
  community: string;
  name: string;
  /** Since when its changes are taken without asking. */
  agreedAt: number | null;
  askedAt: number | null;
  nextAt: number;
  /** What the last time came to, in words. */
  result: string | null;
}

export async function findChosen(db: Db, community: string): Promise<ChosenSource | undefined> {
  const row = await db.selectFrom('list_sources').selectAll().where('community_id', '=', community).executeTakeFirst();
  return row && toChosen(row);
}

/** Those of all communities that are to be asked. */
export async function dueSources(db: Db, at: number): Promise<ChosenSource[]> {
  const rows = await db.selectFrom('list_sources').selectAll().where('next_at', '<=', at).execute();
  return rows.map(toChosen);
}

/** A community takes its list from there from now on, and from no other. */
export async function chooseSource(
  db: Db,
  { community, name, by, at, nextAt }: { community: string; name: string; by: string; at: number; nextAt: number },
): Promise<void> {
  const row = { name, chosen_by: by, chosen_at: at, agreed_at: null, asked_at: null, next_at: nextAt, result: null };
  await db
    .insertInto('list_sources')
    .values({ community_id: community, ...row })
    .onConflict((conflict) => conflict.column('community_id').doUpdateSet(row))
    .execute();
}

/** The first one to come takes it; false where another process asks already. */
export async function takeSource(db: Db, { community, nextAt }: ChosenSource, later: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('list_sources')
    .set({ next_at: later })
    .where('community_id', '=', community)
    .where('next_at', '=', nextAt)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function noteAsked(
  db: Db,
  community: string,
  { at, nextAt, result }: { at: number; nextAt: number; result: string },
): Promise<void> {
  await db
    .updateTable('list_sources')
    .set({ asked_at: at, next_at: nextAt, result })
    .where('community_id', '=', community)
    .execute();
}

/** Somebody looked its list through and said yes. */
export async function agreeToSource(
  db: Db,
  community: string,
  { name, at }: { name: string; at: number },
): Promise<void> {
  await db
    .updateTable('list_sources')
    .set({ agreed_at: at })
    .where('community_id', '=', community)
    .where('name', '=', name)
    .where('agreed_at', 'is', null)
    .execute();
}

/** False where it was not chosen. */
export async function forgetSource(db: Db, community: string, name: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('list_sources')
    .where('community_id', '=', community)
    .where('name', '=', name)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

function toChosen(row: Selectable<Schema['list_sources']>): ChosenSource {
  return {
    community: row.community_id,
    name: row.name,
    agreedAt: row.agreed_at,
    askedAt: row.asked_at,
    nextAt: row.next_at,
    result: row.result,
  };
}
