import { chmodSync, copyFileSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { resolve } from 'node:path';
import { newSecret } from '#core/ids.ts';
import { migrate } from '#storage/migrate.ts';
import { openSqlite } from '#storage/sqlite.ts';
import { openFolder, type DataFolder } from '#src/data-folder.ts';
import { RESTORED } from '#src/housekeeping.ts';
import { WrongUse, type CommandLine } from './command-line.ts';
import { withData } from './open-data.ts';

/** `backup FILE`: everything in one file, 0600, as it stood at one moment, and read back. */
export async function backup({ config, say, words }: CommandLine): Promise<number> {
  const file = oneFile(words);
  if (existsSync(file)) throw new Error(`${file} is there already; a backup never overwrites.`);
  const half = `${file}.half`;
  rmSync(half, { force: true });
  // Nobody else may read it, from its first byte on.
  writeFileSync(half, '', { mode: 0o600 });
  try {
    const counts = await withData(config, (_storage, folder) => copyInto(half, folder));
    renameSync(half, file);
    say.ok('backup', `${counts.messages} messages, ${counts.accounts} accounts in ${file}. Read back: whole.`);
  } finally {
    rmSync(half, { force: true });
  }
  return 0;
}

async function copyInto(half: string, folder: DataFolder): Promise<{ messages: number; accounts: number }> {
  const db = new DatabaseSync(folder.database, { readOnly: true, timeout: 5_000 });
  try {
    db.exec(`vacuum into ${quoted(half)}`);
  } finally {
    db.close();
  }
  return readBack(half);
}

/**
 * `restore FILE`: what the backup holds takes the place of everything, in one commit, so it works beside a running hall too:
 * that closes its live connections, and people find the restored rooms. On any failure nothing has changed.
 */
export async function restore({ config, say, words }: CommandLine): Promise<number> {
  const file = oneFile(words);
  if (!existsSync(file)) throw new Error(`There is no file ${file}.`);
  const counts = readBack(file);
  // Brings the folder's own schema up to date first; the backup's rows go into it by name.
  await withData(config, async () => undefined);
  const { database } = openFolder(config.GUILDHALL_DATA);
  const copy = `${database}.restoring`;
  try {
    await copyUpToDate(file, copy);
    putBack(copy, database);
  } finally {
    for (const end of ['', '-wal', '-shm']) rmSync(copy + end, { force: true });
  }
  say.ok('restore', `${counts.messages} messages, ${counts.accounts} accounts are back.`);
  return 0;
}

/** A backup may be of an older schema: a copy of it is brought up to this program's, the file itself stays as it is. */
async function copyUpToDate(file: string, copy: string): Promise<void> {
  copyFileSync(file, copy);
  // A backup may have been made read-only; its mode comes with the copy.
  chmodSync(copy, 0o600);
  const storage = openSqlite(copy);
  try {
    await migrate(storage);
  } catch (error) {
    throw new Error(`The backup is of another version: ${(error as Error).message}`, { cause: error });
  } finally {
    await storage.close();
  }
}

function putBack(copy: string, database: string): void {
  const db = new DatabaseSync(database, { timeout: 10_000, enableForeignKeyConstraints: false });
  try {
    db.exec(`attach ${quoted(copy)} as backup; pragma synchronous = full;`);
    replaceAll(db);
  } finally {
    db.close();
  }
}

function replaceAll(db: DatabaseSync): void {
  const tables = tablesOf(db, 'main');
  const given = new Set(tablesOf(db, 'backup'));
  const missing = tables.filter((name) => !given.has(name));
  if (missing.length > 0) throw new Error(`The backup lacks ${missing.join(', ')}: it is of another version.`);
  db.exec('begin immediate');
  try {
    for (const name of tables) {
      const columns = db.prepare(`select name from pragma_table_info(?, 'backup')`).all(name) as { name: string }[];
      const list = columns.map((column) => `"${column.name}"`).join(', ');
      db.exec(`delete from main."${name}"; insert into main."${name}" (${list}) select ${list} from backup."${name}"`);
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

function tablesOf(db: DatabaseSync, schema: 'main' | 'backup'): string[] {
  const own = "type = 'table' and name not like 'sqlite_%' and name not like 'kysely_%'";
  return (db.prepare(`select name from ${schema}.sqlite_schema where ${own}`).all() as { name: string }[]).map(
    ({ name }) => name,
  );
}

/** Opens a backup, checks that it is whole and counts what is in it. */
function readBack(file: string): { messages: number; accounts: number } {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const [check] = db.prepare('pragma integrity_check').all() as { integrity_check: string }[];
    if (check?.integrity_check !== 'ok') throw new Error(`${file} is damaged: ${check?.integrity_check}`);
    const count = (table: string): number =>
      (db.prepare(`select count(*) as count from ${table}`).get() as { count: number }).count;
    return { messages: count('messages'), accounts: count('accounts') };
  } catch (error) {
    throw new Error(`${file} is not a whole backup of a hall: ${(error as Error).message}`);
  } finally {
    db.close();
  }
}

function oneFile(words: string[]): string {
  const [file, ...rest] = words;
  if (!file || rest.length > 0 || file.startsWith('-')) throw new WrongUse('Name one file.');
  return resolve(file);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
