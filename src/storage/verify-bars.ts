import type { Kysely } from 'kysely';
import type { SeenBar } from '#core/verification.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** Somebody may ask no more, until a moderator lifts it. */
export async function bar(db: Db, community: string, { subject, name, barredAt }: SeenBar): Promise<void> {
  const row = { name, barred_at: barredAt, lifted_at: null, lifted_by: null };
  await db
    .insertInto('verify_bars')
    .values({ community_id: community, subject, ...row })
    .onConflict((conflict) => conflict.columns(['community_id', 'subject']).doUpdateSet(row))
    .execute();
}

/** `liftedAt`: denials from before it count no more. Undefined for whoever never was barred. */
export async function findBar(
  db: Db,
  community: string,
  subject: string,
): Promise<{ liftedAt: number | null } | undefined> {
  const row = await db
    .selectFrom('verify_bars')
    .select('lifted_at')
    .where('community_id', '=', community)
    .where('subject', '=', subject)
    .executeTakeFirst();
  return row && { liftedAt: row.lifted_at };
}

/** False where nobody of that name is barred. */
export async function liftBar(
  db: Db,
  { community, subject, by, at }: { community: string; subject: string; by: string; at: number },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('verify_bars')
    .set({ lifted_at: at, lifted_by: by })
    .where('community_id', '=', community)
    .where('subject', '=', subject)
    .where('lifted_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Who may ask no more, those first who were barred last. */
export async function listBars(db: Db, community: string, limit: number): Promise<SeenBar[]> {
  const rows = await db
    .selectFrom('verify_bars')
    .select(['subject', 'name', 'barred_at'])
    .where('community_id', '=', community)
    .where('lifted_at', 'is', null)
    .orderBy('barred_at', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ subject, name, barred_at: barredAt }) => ({ subject, name, barredAt }));
}

/** Notes that somebody was told what to do before they can speak; false where they were told before. */
export async function tellOnce(db: Db, told: { community: string; person: string; at: number }): Promise<boolean> {
  const rows = await db
    .insertInto('verify_told')
    .values({ community_id: told.community, person: told.person, at: told.at })
    .onConflict((conflict) => conflict.columns(['community_id', 'person']).doNothing())
    .returning('person')
    .execute();
  return rows.length === 1;
}
