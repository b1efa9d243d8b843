import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FolderInUse, lockFolder } from '#src/data-folder.ts';
import { atThisSchema } from './schema-of-file.ts';
import { sqliteTables } from './sqlite-tables.ts';
import { tableShapes, type TableShape, type Tables } from './table-shapes.ts';

/** A hall's SQLite data as it stands at one moment, for reading alone. */
export interface MoveSource {
  shapes: TableShape[];
  tables: Tables;
  /** Its first community, which no other hall has. */
  community: string;
  rows: number;
  /** Lets the folder go. */
  close(): void;
}

/**
 * Opens the data of a folder on which no hall runs, and keeps halls off it until it is closed. Nothing in it is changed:
 * data of an older version is brought up to date in a copy beside it. Throws a sentence.
 */
export async function openMoveSource(given: string): Promise<MoveSource> {
  const path = resolve(given);
  const database = join(path, 'hall.db');
  if (!existsSync(database)) throw new Error(`There is no hall in ${given}. GUILDHALL_DATA names the folder.`);
  const lock = lockOr(given, () => lockFolder({ path, database, made: false }));
  const copy = `${database}.moving`;
  const removeCopy = (): void => ['', '-wal', '-shm'].forEach((end) => rmSync(copy + end, { force: true }));
  const closing = [() => lock.release(), removeCopy];
  const close = (): void => closing.reverse().forEach((end) => end());
  try {
    removeCopy();
    const read = new DatabaseSync(await atThisSchema(database, copy), { readOnly: true, timeout: 5_000 });
    closing.push(() => read.close());
    return { ...(await look(read, given)), close };
  } catch (error) {
    close();
    throw error;
  }
}

function lockOr(given: string, lock: () => { release(): void }): { release(): void } {
  try {
    return lock();
  } catch (error) {
    if (!(error instanceof FolderInUse)) throw error;
    throw new Error(
      `A hall runs on ${given}, process ${error.by?.pid ?? 'unknown'}. Stop it first: what came meanwhile would stay behind.`,
      { cause: error },
    );
  }
}

/** All reading is of this moment from here on. */
async function look(db: DatabaseSync, given: string): Promise<Omit<MoveSource, 'close'>> {
  db.exec('begin');
  const [check] = db.prepare('pragma quick_check').all() as { quick_check: string }[];
  if (check?.quick_check !== 'ok') throw new Error(`SQLite finds damage in ${given}: ${check?.quick_check}`);
  const first = db.prepare('select id from communities order by created_at, id limit 1').get();
  if (!first) throw new Error(`Nobody has started a hall on ${given} yet: there is nothing to carry over.`);
  const [shapes, tables] = [tableShapes(db), sqliteTables(db)];
  let rows = 0;
  for (const shape of shapes) rows += await tables.count(shape);
  return { shapes, tables, community: (first as { id: string }).id, rows };
}
