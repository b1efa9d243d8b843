import type { Kysely } from 'kysely';
import type { SecretFacts, SecretName } from '#core/secret.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** A row as the vault needs it. */
export interface SealedRow extends SecretName {
  sealed: string;
  key: string;
}

/** What is told of an owner's secrets, by purpose; `key`: the one that has to open it. */
export async function listSecrets(db: Db, owner: string): Promise<(SecretFacts & { key: string })[]> {
  const rows = await db
    .selectFrom('secrets')
    .select(['purpose', 'key_id', 'set_at', 'last_used_at', 'last_used_by'])
    .where('owner', '=', owner)
    .orderBy('purpose')
    .execute();
  return rows.map((row) => ({
    purpose: row.purpose,
    key: row.key_id,
    setAt: row.set_at,
    lastUsedAt: row.last_used_at,
    lastUsedBy: row.last_used_by,
  }));
}

/** A row with its last use. */
export interface FoundSecret extends SealedRow {
  lastUsedAt: number | null;
  lastUsedBy: string | null;
}

export async function findSecret(db: Db, { owner, purpose }: SecretName): Promise<FoundSecret | undefined> {
  const row = await db
    .selectFrom('secrets')
    .select(['sealed', 'key_id as key', 'last_used_at as lastUsedAt', 'last_used_by as lastUsedBy'])
    .where('owner', '=', owner)
    .where('purpose', '=', purpose)
    .executeTakeFirst();
  return row && { owner, purpose, ...row };
}

/** How many secrets the owner has for other purposes than this one. */
export async function countOthers(db: Db, { owner, purpose }: SecretName): Promise<number> {
  const { count } = await db
    .selectFrom('secrets')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('owner', '=', owner)
    .where('purpose', '!=', purpose)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Keeps it in the place of the one before, which nobody used yet. */
export async function putSecret(
  db: Db,
  { owner, purpose, sealed, key, at }: SealedRow & { at: number },
): Promise<void> {
  const set = { sealed, key_id: key, set_at: at, last_used_at: null, last_used_by: null };
  await db
    .insertInto('secrets')
    .values({ owner, purpose, ...set })
    .onConflict((conflict) => conflict.columns(['owner', 'purpose']).doUpdateSet(set))
    .execute();
}

/** False where there is none. */
export async function deleteSecret(db: Db, { owner, purpose }: SecretName): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('secrets')
    .where('owner', '=', owner)
    .where('purpose', '=', purpose)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Notes a use of the secret as it was then: one that was replaced meanwhile is left alone. */
export async function noteUse(
  db: Db,
  { owner, purpose, sealed }: SealedRow,
  use: { by: string; at: number },
): Promise<void> {
  await db
    .updateTable('secrets')
    .set({ last_used_at: use.at, last_used_by: use.by })
    .where('owner', '=', owner)
    .where('purpose', '=', purpose)
    .where('sealed', '=', sealed)
    .execute();
}

/** The next rows behind `after` that another key than this one sealed, in the order of owner and purpose. */
export async function secretsNotBy(
  db: Db,
  key: string,
  { after, most }: { after: SecretName | undefined; most: number },
): Promise<SealedRow[]> {
  let query = db
    .selectFrom('secrets')
    .select(['owner', 'purpose', 'sealed', 'key_id as key'])
    .where('key_id', '!=', key)
    .orderBy('owner')
    .orderBy('purpose')
    .limit(most);
  if (after)
    query = query.where((eb) =>
      eb.or([
        eb('owner', '>', after.owner),
        eb.and([eb('owner', '=', after.owner), eb('purpose', '>', after.purpose)]),
      ]),
    );
  return query.execute();
}

/** Puts the new sealing in the place of exactly that one; false where it was replaced or forgotten meanwhile. */
export async function replaceSealed(db: Db, was: SealedRow, now: { sealed: string; key: string }): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('secrets')
    .set({ sealed: now.sealed, key_id: now.key })
    .where('owner', '=', was.owner)
    .where('purpose', '=', was.purpose)
    .where('sealed', '=', was.sealed)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** How many secrets each key has sealed. */
export async function countByKey(db: Db): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('secrets')
    .select(({ fn }) => ['key_id as key', fn.countAll<number>().as('n')])
    .groupBy('key_id')
    .execute();
  return new Map(rows.map(({ key, n }) => [key, Number(n)]));
}
