import { DatabaseSync } from 'node:sqlite';
import { newSecret } from '#core/ids.ts';
import { migrate } from '#storage/migrate.ts';
import { openSqlite } from '#storage/sqlite.ts';
import { openFolder } from '#src/data-folder.ts';
import { RESTORED } from '#src/housekeeping.ts';
import { isOfTheMoment, tableNames } from './table-shapes.ts';

/** Writes what stands in a data folder into an empty file, as it is at one moment. */
export async function fileFromSqlite(folder: string, file: string): Promise<void> {
  const db = new DatabaseSync(openFolder(folder).database, { readOnly: true, timeout: 5_000 });
  try {
    db.prepare('vacuum into ?').run(file);
  } finally {
    db.close();
  }
}

/** Puts what a backup holds in the place of everything in a data folder, in one commit. `copy`: brought up to date where it is of an older version. */
export async function sqliteFromFile(folder: string, copy: string): Promise<void> {
  await bringUpToDate(copy);
  putBack(copy, openFolder(folder).database);
}

async function bringUpToDate(copy: string): Promise<void> {
  const storage = openSqlite(copy);
  try {
    if ((await migrate(storage)).newer) throw new Error('Use the Guildhall that it is of.');
  } catch (error) {
    throw new Error(`The backup is of another version: ${(error as Error).message}`, { cause: error });
  } finally {
    await storage.close();
  }
}

function putBack(copy: string, database: string): void {
  const db = new DatabaseSync(database, { timeout: 10_000, enableForeignKeyConstraints: false });
  try {
    db.prepare('attach ? as backup').run(copy);
    db.exec('pragma synchronous = full');
    replaceAll(db);
  } finally {
    db.close();
  }
}

function replaceAll(db: DatabaseSync): void {
  const tables = tableNames(db).filter((name) => !isOfTheMoment(name));
  const given = new Set(tableNames(db, 'backup'));
  const missing = tables.filter((name) => !given.has(name));
  if (missing.length > 0) throw new Error(`The backup lacks ${missing.join(', ')}: it is of another version.`);
  db.exec('begin immediate');
  try {
    for (const name of tables) {
      const list = columnsOf(db, name, 'main');
      if (columnsOf(db, name, 'backup') !== list)
        throw new Error(`The backup’s table ${name} is another one: it is of another version, or was changed.`);
      const rows = `select ${list} from backup."${name}"${orderOf(name)}`;
      db.exec(`delete from main."${name}"; insert into main."${name}" (${list}) ${rows}`);
    }
    db.prepare(
      'insert into main.instance (key, value) values (?, ?) on conflict (key) do update set value = excluded.value',
    ).run(RESTORED, newSecret(16));
    db.exec('commit');
  } catch (error) {
    db.exec('rollback');
    throw error;
  }
}

/** Messages as they were said, whatever order the file has them in: a search goes through them so. */
function orderOf(table: string): string {
  return table === 'messages' ? ' order by created_at, id' : '';
}

/** For SQL, in the order of their names. Those of a file from elsewhere are only compared: they may be anything. */
function columnsOf(db: DatabaseSync, table: string, schema: 'main' | 'backup'): string {
  const rows = db.prepare('select name from pragma_table_info(?, ?) order by name').all(table, schema);
  return (rows as { name: string }[]).map(({ name }) => `"${name}"`).join(', ');
}
