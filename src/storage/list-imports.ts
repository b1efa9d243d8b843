import type { Kysely, Selectable } from 'kysely';
import { LIMITS } from '#core/limits.ts';
import type { BadRow } from '#core/list-file.ts';
import type { ImportCounts, ImportState, Missing } from '#core/verification-list.ts';
import type { ListEntry } from '#core/verification.ts';
import { inForce, listNow, type ListSource } from './list-people.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** A list that was looked through, row by row, and waits for a yes. */
export interface ListImport {
  id: string;
  community: string;
  state: ImportState;
  source: ListSource;
  sourceName: string | null;
  missing: Missing;
  listVersion: number;
  generation: number | null;
  counts: ImportCounts;
  report: BadRow[];
  madeBy: string | null;
  madeAt: number;
}

export const NOTHING: ImportCounts = { added: 0, changed: 0, same: 0, removed: 0, bad: 0 };

export interface NewImport extends Pick<ListImport, 'id' | 'community' | 'source' | 'missing' | 'madeBy' | 'madeAt'> {
  sourceName?: string | undefined;
}

export async function insertImport(db: Db, made: NewImport): Promise<void> {
  await db
    .insertInto('list_imports')
    .values({
      id: made.id,
      community_id: made.community,
      state: 'reading',
      source: made.source,
      source_name: made.sourceName ?? null,
      missing: made.missing,
      list_version: 0,
      generation: null,
      counts: JSON.stringify(NOTHING),
      report: '[]',
      made_by: made.madeBy,
      made_at: made.madeAt,
      state_at: made.madeAt,
    })
    .execute();
}

/** A row of an import. */
export interface StagedRow extends ListEntry {
  key: string;
}

/** Keeps some rows of an import, each with what it changes. Gives how many do what. */
export async function stageRows(
  db: Db,
  { id, community }: { id: string; community: string },
  rows: readonly StagedRow[],
): Promise<Pick<ImportCounts, 'added' | 'changed' | 'same'>> {
  const counts = { added: 0, changed: 0, same: 0 };
  if (rows.length === 0) return counts;
  const keys = rows.map(({ key }) => key);
  const there = await inForce(db, await listNow(db, community), community)
    .select(['key', 'user_id', 'email', 'name', 'until'])
    .where('key', 'in', keys)
    .execute();
  const before = new Map(there.map((row) => [row.key, row]));
  const values = rows.map((row) => {
    const change = changeOf(row, before.get(row.key));
    counts[change] += 1;
    const { key, userId: user_id, email, name, until } = row;
    return { import_id: id, key, change, user_id, email, name, until };
  });
  await db.insertInto('list_import_rows').values(values).execute();
  return counts;
}

type ListRow = Pick<Selectable<Schema['list_people']>, 'user_id' | 'email' | 'name' | 'until'>;

function changeOf({ userId, email, name, until }: StagedRow, was: ListRow | undefined): 'added' | 'changed' | 'same' {
  if (!was) return 'added';
  const same = was.user_id === userId && was.email === email && was.name === name && was.until === until;
  return same ? 'same' : 'changed';
}

/** Notes which of some entries of the list an import does not name. `last`: where to go on; undefined at the end. */
export async function stageMissing(
  db: Db,
  { id, community, missing }: Pick<ListImport, 'id' | 'community' | 'missing'>,
  after: string,
): Promise<{ removed: number; last: string | undefined }> {
  const rows = await inForce(db, await listNow(db, community), community)
    .select(['key', 'user_id', 'email', 'name', 'until', 'source'])
    .where('key', '>', after)
    .orderBy('key')
    .limit(LIMITS.listSlice)
    .execute();
  if (rows.length === 0) return { removed: 0, last: undefined };
  const keys = rows.map(({ key }) => key);
  const named = await db
    .selectFrom('list_import_rows')
    .select('key')
    .where('import_id', '=', id)
    .where('key', 'in', keys)
    .execute();
  const here = new Set(named.map(({ key }) => key));
  const gone = rows.filter(({ key, source }) => !here.has(key) && (missing === 'remove' || source === 'sql'));
  if (gone.length > 0)
    await db
      .insertInto('list_import_rows')
      .values(gone.map(({ source: _source, ...row }) => ({ import_id: id, change: 'removed', ...row })))
      .execute();
  return { removed: gone.length, last: keys.at(-1) };
}

/** All of it was looked through. False where it was dropped meanwhile. */
export async function endReading(
  db: Db,
  id: string,
  read: { counts: ImportCounts; report: readonly BadRow[]; listVersion: number; at: number },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('list_imports')
    .set({
      state: 'preview',
      counts: JSON.stringify(read.counts),
      report: JSON.stringify(read.report),
      list_version: read.listVersion,
      state_at: read.at,
    })
    .where('id', '=', id)
    .where('state', '=', 'reading')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function findImport(db: Db, community: string, id: string): Promise<ListImport | undefined> {
  const row = await db
    .selectFrom('list_imports')
    .selectAll()
    .where('community_id', '=', community)
    .where('id', '=', id)
    .executeTakeFirst();
  return row && toImport(row);
}

/** Newest first. */
export async function listImports(db: Db, community: string): Promise<ListImport[]> {
  const rows = await db
    .selectFrom('list_imports')
    .selectAll()
    .where('community_id', '=', community)
    .orderBy('id', 'desc')
    .limit(LIMITS.listImportsShown)
    .execute();
  return rows.map(toImport);
}

/** Some rows that an import changes, for people to look at. */
export async function importRows(db: Db, id: string, change: string, limit: number): Promise<StagedRow[]> {
  const rows = await db
    .selectFrom('list_import_rows')
    .select(['key', 'user_id', 'email', 'name', 'until'])
    .where('import_id', '=', id)
    .where('change', '=', change)
    .orderBy('key')
    .limit(limit)
    .execute();
  return rows.map(({ user_id: userId, ...row }) => ({ ...row, userId }));
}

/** What an import adds, changes or removes, where somebody was verified as it: the first ones. */
export async function touchedKeys(db: Db, { id, community }: Pick<ListImport, 'id' | 'community'>): Promise<string[]> {
  const rows = await db
    .selectFrom('verifications')
    .innerJoin('list_import_rows', 'list_import_rows.key', 'verifications.key')
    .select('verifications.key')
    .distinct()
    .where('verifications.community_id', '=', community)
    .where('list_import_rows.import_id', '=', id)
    .where('list_import_rows.change', '<>', 'same')
    .limit(LIMITS.verifyEndAtOnce)
    .execute();
  return rows.map(({ key }) => key);
}

/** Goes from one state to another; false where it was in none of these. */
export async function moveImport(
  db: Db,
  id: string,
  { from, to, at }: { from: readonly ImportState[]; to: ImportState; at: number },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('list_imports')
    .set({ state: to, state_at: at })
    .where('id', '=', id)
    .where('state', 'in', from)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** A newer file of a community takes the place of those that wait. */
export async function dropWaiting(db: Db, community: string, { source, at }: { source: ListSource; at: number }) {
  await db
    .updateTable('list_imports')
    .set({ state: 'dropped', state_at: at })
    .where('community_id', '=', community)
    .where('source', '=', source)
    .where('state', '=', 'preview')
    .execute();
}

/** Those that waited too long, or whose process ended. */
export async function dropOldImports(db: Db, at: number): Promise<void> {
  const waits: [ImportState[], number][] = [
    [['preview'], LIMITS.listPreviewMinutes],
    [['reading', 'writing'], LIMITS.listWriteMinutes],
  ];
  for (const [states, minutes] of waits)
    await db
      .updateTable('list_imports')
      .set({ state: 'dropped', state_at: at })
      .where('state', 'in', states)
      .where('state_at', '<=', at - minutes * 60_000)
      .execute();
  await db
    .deleteFrom('list_imports')
    .where('state', 'in', ['done', 'dropped'])
    .where('state_at', '<=', at - LIMITS.verifyRequestDays * 86_400_000)
    .execute();
}

/** Forgets some rows of imports that are over. False where none are left. */
export async function forgetImportRows(db: Db): Promise<boolean> {
  const over = db.selectFrom('list_imports').select('id').where('state', 'in', ['done', 'dropped']);
  const [one] = await db
    .selectFrom('list_import_rows')
    .select('import_id')
    .where('import_id', 'in', over)
    .limit(1)
    .execute();
  if (!one) return false;
  const some = db
    .selectFrom('list_import_rows')
    .select('key')
    .where('import_id', '=', one.import_id)
    .limit(LIMITS.listSlice);
  await db.deleteFrom('list_import_rows').where('import_id', '=', one.import_id).where('key', 'in', some).execute();
  return true;
}

function toImport(row: Selectable<Schema['list_imports']>): ListImport {
  return {
    id: row.id,
    community: row.community_id,
    state: row.state as ImportState,
    source: row.source as ListSource,
    sourceName: row.source_name,
    missing: row.missing as Missing,
    listVersion: row.list_version,
    generation: row.generation,
    counts: JSON.parse(row.counts) as ImportCounts,
    report: JSON.parse(row.report) as BadRow[],
    madeBy: row.made_by,
    madeAt: row.made_at,
  };
}
