import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { LIMITS } from '#core/limits.ts';
import { writeFact } from '#storage/instance.ts';
import { migrate } from '#storage/migrate.ts';
import { listProcesses } from '#storage/processes.ts';
import type { Storage } from '#storage/storage.ts';
import type { Terminal } from '#src/terminal.ts';
import { MOVE_FACT, readMoveMark, type MoveMark } from '#src/unfinished-move.ts';
import {
  compareTables,
  copyTables,
  OtherRows,
  rowsThere,
  type Compared,
  type Progress,
  type Ways,
} from './copy-tables.ts';
import type { MoveSource } from './move-source.ts';
import { inTransaction, postgresTables, type Connection } from './postgres-tables.ts';

/** What stands in the database that a hall is carried over into. */
export type Standing = 'empty' | MoveMark['state'];

export interface MoveParts {
  source: MoveSource;
  storage: Storage;
  say: Pick<Terminal, 'note'>;
  told: Progress;
}

/** Looks and changes nothing. Throws a sentence where the database cannot take the hall, or holds another. */
export function lookAtTarget({ source, storage }: Pick<MoveParts, 'source' | 'storage'>): Promise<Standing> {
  return storage.maintain((db) => standing(db, { source, storage }));
}

/**
 * Fills the database from the source and compares every row of both. A run that was cut off at any point is taken up
 * where it was. Throws a sentence; the source is never changed.
 */
export function fillTarget(parts: MoveParts): Promise<Compared> {
  return parts.storage.maintain((pool) =>
    pool.connection().execute(async (db) => {
      await takeAlone(db);
      const found = await standing(db, parts);
      return found === 'done' ? compareAgain(db, parts) : fill(db, parts, found);
    }),
  );
}

async function fill(db: Connection, parts: MoveParts, found: Standing): Promise<Compared> {
  const { source, storage, told } = parts;
  const { newer } = await migrate(storage);
  if (newer) throw new Error('The database is of a newer Guildhall. Use that one.');
  await mark(db, { from: source.community, state: 'under way' });
  const { shapes, tables: from } = source;
  const ways: Ways = { shapes, from, to: await postgresTables(db, shapes) };
  const there = found === 'empty' ? new Map<string, number>() : await resume(db, parts, ways);
  await copyTables(ways, there, told);
  await learnSizes(db, ways);
  const compared = await compare(db, ways);
  await refuseProcesses(storage);
  await mark(db, { from: source.community, state: 'done' });
  return compared;
}

async function compareAgain(db: Connection, { source }: MoveParts): Promise<Compared> {
  const { shapes, tables: from } = source;
  try {
    return await compare(db, { shapes, from, to: await postgresTables(db, shapes) });
  } catch (error) {
    if (!(error instanceof OtherRows)) throw error;
    throw new Error(`This hall was carried over before, and one of both was used since. ${error.message}`, {
      cause: error,
    });
  }
}

function compare(db: Connection, ways: Ways): Promise<Compared> {
  return inTransaction(db, 'read only', () => compareTables(ways));
}

/** How many rows of each table stand there from the run before; none where the source was used meanwhile: all is done anew. */
async function resume(db: Connection, { storage, say }: MoveParts, ways: Ways): Promise<ReadonlyMap<string, number>> {
  try {
    return await inTransaction(db, 'read only', () => rowsThere(ways));
  } catch (error) {
    if (!(error instanceof OtherRows)) throw error;
    await refuseProcesses(storage);
    say.note('target', 'the hall was used since the last try; it is carried over anew');
    await inTransaction(db, 'read write', () => empty(db, ways));
    return new Map();
  }
}

async function empty(db: Connection, { shapes }: Ways): Promise<void> {
  const whole = shapes.filter(({ without }) => without === undefined);
  await sql`truncate ${sql.join(whole.map(({ name }) => sql.table(name)))}`.execute(db);
  await db.deleteFrom('instance').where('key', '<>', MOVE_FACT).execute();
}

/** Until it knows them, PostgreSQL reads large tables whole where an index would do. */
async function learnSizes(db: Connection, { shapes }: Ways): Promise<void> {
  await sql`analyze ${sql.join(shapes.map(({ name }) => sql.table(name)))}`.execute(db);
}

async function mark(db: Connection, told: MoveMark): Promise<void> {
  await writeFact(db, MOVE_FACT, JSON.stringify(told));
}

/** ms that a run which was just killed may take to let its connection go. */
const GONE_WITHIN = 5_000;

/** One move into a database at a time. https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS */
async function takeAlone(db: Connection): Promise<void> {
  const end = performance.now() + GONE_WITHIN;
  for (;;) {
    const { rows } = await sql<{ got: boolean }>`
      select pg_try_advisory_lock(hashtext('guildhall move')) as got
    `.execute(db);
    if (rows[0]?.got) return;
    if (performance.now() > end) throw new Error('Another move into this database is under way.');
    await pause(200);
  }
}

async function standing(db: Connection, { source, storage }: Pick<MoveParts, 'source' | 'storage'>): Promise<Standing> {
  await refuseUnable(db);
  const tables = await tablesThere(db);
  if (tables.length === 0) return 'empty';
  const ours = new Set(source.shapes.map(({ name }) => name));
  if (!tables.includes('kysely_migration') || !tables.includes('instance')) {
    const few = tables.slice(0, TABLES_NAMED).join(', ');
    throw new Error(`The database holds tables of something else: ${few}. Make an empty one for the hall.`);
  }
  if (tables.includes('processes')) await refuseProcesses(storage);
  const told = await readMoveMark(db);
  if (told?.from === source.community) return told.state;
  if (
    told === undefined &&
    (await areEmpty(
      db,
      tables.filter((name) => ours.has(name)),
    ))
  )
    return 'empty';
  throw new Error('The database holds another hall. Make an empty one for this hall.');
}

/** Tables named in a refusal: enough to know whose they are. */
const TABLES_NAMED = 5;

async function refuseUnable(db: Connection): Promise<void> {
  const { rows } = await sql<{ encoding: string; standby: boolean; schema: string | null; may: boolean | null }>`
    select current_setting('server_encoding') as encoding, pg_is_in_recovery() as standby, current_schema() as schema,
      has_schema_privilege(current_schema(), 'create') as may
  `.execute(db);
  const { encoding, standby, schema, may } = rows[0] ?? {};
  if (standby) throw new Error('The server is a standby, which cannot be written to. Name the primary.');
  if (encoding !== 'UTF8')
    throw new Error(`The database is made for ${encoding}. Make it with: createdb --encoding=UTF8`);
  if (schema === null || may !== true)
    throw new Error('This user may not make tables in the database. Make it the owner: alter database … owner to …');
}

async function tablesThere(db: Connection): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_class
    where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f') order by relname
  `.execute(db);
  return rows.map(({ name }) => name);
}

async function areEmpty(db: Connection, tables: string[]): Promise<boolean> {
  for (const name of tables) {
    const { rows } = await sql`select 1 from ${sql.table(name)} limit 1`.execute(db);
    if (rows.length > 0) return false;
  }
  return true;
}

async function refuseProcesses(storage: Storage): Promise<void> {
  const there = await listProcesses(storage, LIMITS.heartbeatGone);
  if (there.length === 0) return;
  const roles = there.map(({ role }) => role).join(', ');
  throw new Error(`A hall runs on that database (${roles}). Stop it first; a killed one counts for 10 s more.`);
}
