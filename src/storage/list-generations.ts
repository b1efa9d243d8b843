import { sql, type Kysely } from 'kysely';
import { LIMITS } from '#core/limits.ts';
import type { ListImport } from './list-imports.ts';
import { inForce, listChanged, listNow } from './list-people.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** Writes the few changes of an import into the list in force. */
export async function writeChanges(db: Db, made: ListImport, at: number): Promise<void> {
  const { id, community, source } = made;
  const { generation } = await listChanged(db, community);
  await sql`
    insert into list_rows (community_id, key, generation, user_id, email, name, until, source, changed_at)
    select ${community}, key, cast(${generation} as integer), user_id, email, name, until, ${source}, cast(${at} as bigint)
    from list_import_rows where import_id = ${id} and change in ('added', 'changed')
    on conflict (community_id, key, generation) do update set user_id = excluded.user_id, email = excluded.email,
      name = excluded.name, until = excluded.until, source = excluded.source, changed_at = excluded.changed_at`.execute(
    db,
  );
  await db
    .deleteFrom('list_rows')
    .where('community_id', '=', community)
    .where('generation', '=', generation)
    .where('key', 'in', (e) =>
      e.selectFrom('list_import_rows').select('key').where('import_id', '=', id).where('change', '=', 'removed'),
    )
    .execute();
}

/** Begins a list beside the one in force, for an import that changes much. Nobody sees it yet. */
export async function beginGeneration(db: Db, { id, community }: ListImport): Promise<number> {
  const { newest: generation } = await db
    .insertInto('lists')
    .values({ community_id: community, generation: 1, newest: 2, version: 0, untidy: 1 })
    .onConflict((conflict) =>
      conflict.column('community_id').doUpdateSet((e) => ({ newest: e('lists.newest', '+', 1), untidy: 1 })),
    )
    .returning('newest')
    .executeTakeFirstOrThrow();
  await db.updateTable('list_imports').set({ generation }).where('id', '=', id).execute();
  return generation;
}

/** Writes some rows of the import into its own list. `last`: where to go on; undefined at the end. */
export async function copyNamed(
  db: Db,
  { made, generation, at }: { made: ListImport; generation: number; at: number },
  after: string,
): Promise<string | undefined> {
  const { id, community, source } = made;
  const rows = await db
    .selectFrom('list_import_rows')
    .select(['key', 'user_id', 'email', 'name', 'until', 'change'])
    .where('import_id', '=', id)
    .where('key', '>', after)
    .orderBy('key')
    .limit(LIMITS.listSlice)
    .execute();
  const named = rows.filter(({ change }) => change !== 'removed');
  if (named.length > 0)
    await db
      .insertInto('list_rows')
      .values(
        named.map(({ change: _change, ...row }) => {
          return { community_id: community, generation, ...row, source, changed_at: at };
        }),
      )
      .execute();
  return rows.at(-1)?.key;
}

/** Writes some entries that the import does not name, and does not remove, into its own list. */
export async function copyOthers(
  db: Db,
  { made: { id, community }, generation }: { made: ListImport; generation: number },
  after: string,
): Promise<string | undefined> {
  const rows = await inForce(db, await listNow(db, community), community)
    .selectAll()
    .where('key', '>', after)
    .orderBy('key')
    .limit(LIMITS.listSlice)
    .execute();
  if (rows.length === 0) return undefined;
  const keys = rows.map(({ key }) => key);
  const named = await db
    .selectFrom('list_import_rows')
    .select('key')
    .where('import_id', '=', id)
    .where('key', 'in', keys)
    .execute();
  const gone = new Set(named.map(({ key }) => key));
  const others = rows.filter(({ key }) => !gone.has(key)).map((row) => ({ ...row, generation }));
  if (others.length > 0) await db.insertInto('list_rows').values(others).execute();
  return keys.at(-1);
}

/** From this commit on it is the list. */
export async function switchTo(db: Db, community: string, generation: number): Promise<void> {
  await listChanged(db, community);
  await db.updateTable('lists').set({ generation, untidy: 1 }).where('community_id', '=', community).execute();
}

/** Forgets some rows of lists that are not in force and that nobody is writing. False where none are left. */
export async function tidyLists(db: Db): Promise<boolean> {
  const list = await db
    .selectFrom('lists')
    .select(['community_id', 'generation'])
    .where('untidy', '=', 1)
    .where((e) =>
      e.not(
        e.exists(
          e
            .selectFrom('list_imports')
            .select('list_imports.id')
            .whereRef('list_imports.community_id', '=', 'lists.community_id')
            .where('list_imports.state', '=', 'writing'),
        ),
      ),
    )
    .limit(1)
    .executeTakeFirst();
  if (!list) return false;
  const rows = await db
    .selectFrom('list_rows')
    .select(['key', 'generation'])
    .where('community_id', '=', list.community_id)
    .where((e) => e.or([e('generation', '<', list.generation), e('generation', '>', list.generation)]))
    .limit(LIMITS.listSlice)
    .execute();
  if (rows.length === 0)
    await db.updateTable('lists').set({ untidy: 0 }).where('community_id', '=', list.community_id).execute();
  for (const generation of new Set(rows.map((row) => row.generation)))
    await db
      .deleteFrom('list_rows')
      .where('community_id', '=', list.community_id)
      .where('generation', '=', generation)
      .where(
        'key',
        'in',
        rows.filter((row) => row.generation === generation).map(({ key }) => key),
      )
      .execute();
  return true;
}
