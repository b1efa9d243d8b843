import { existsSync, statfsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { resolve } from 'node:path';
import { sql } from 'kysely';
import { AppError } from '#core/errors.ts';
import { migrate } from '#storage/migrate.ts';
import { openSqlite } from '#storage/sqlite.ts';
import type { Storage } from '#storage/storage.ts';
import { listDead } from '#storage/work.ts';
import type { Config } from '#src/config.ts';
import { isLocked, openFolder, type DataFolder } from '#src/data-folder.ts';
import { openStorage } from '#src/engines.ts';
import type { Terminal } from '#src/terminal.ts';
import { lookAtModes } from './doctor-modes.ts';
import { knownSchema } from './schema-of-file.ts';

/** The data folder and the SQLite file in it. */
export async function lookAtFolder(found: Terminal, shown: string): Promise<void> {
  if (!existsSync(resolve(shown))) return found.note('data', `${shown} is not there yet; the first start makes it`);
  const folder = openFolder(shown);
  lookAtSpace(found, folder, { shown, whose: 'hall' });
  lookAtModes(found, folder.path);
  await lookAtSqlite(found, folder);
}

/** The folder of the vault's own machine: there are keys in it, and no database. */
export function lookAtKeys(found: Terminal, shown: string): void {
  if (!existsSync(resolve(shown))) return found.note('data', `${shown} is not there yet; the first start makes it`);
  lookAtSpace(found, openFolder(shown, { database: false }), { shown, whose: 'vault' });
  lookAtModes(found, resolve(shown));
}

/** What stands in PostgreSQL: told by the look at it where that cannot be reached. */
export async function lookAtSchema(found: Terminal, config: Config): Promise<void> {
  const storage = await openStorage(config, { database: '', role: 'doctor' });
  try {
    const [has, known] = [await schemaThere(storage), await knownSchema()];
    if (has === 0) return found.note('database', 'no tables yet; the first start makes them');
    if (has > known + 1)
      return found.wrong('database', `schema ${has}, this program knows ${known}.`, 'Use a newer Guildhall.');
    found.ok('database', `schema ${has}${inWords(has, known)}`);
    await lookAtJobs(found, storage);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  } finally {
    await storage.close();
  }
}

function inWords(has: number, known: number): string {
  if (has === known) return '';
  if (has < known) return `; the next start brings it to ${known}`;
  return `; this program knows ${known} and runs on it while a newer one is brought in`;
}

async function schemaThere(storage: Storage): Promise<number> {
  const { rows } = await sql<{ there: boolean }>`select to_regclass('kysely_migration') is not null as there`.execute(
    storage.db,
  );
  if (!rows[0]?.there) return 0;
  const done = await sql<{ done: number }>`select count(*) as done from kysely_migration`.execute(storage.db);
  return done.rows[0]?.done ?? 0;
}

function lookAtSpace(
  found: Terminal,
  folder: DataFolder,
  { shown, whose }: { shown: string; whose: 'hall' | 'vault' },
): void {
  const free = statfsSync(folder.path);
  const gigabytes = (free.bavail * free.bsize) / 1e9;
  if (gigabytes < 0.5)
    found.wrong('data', `Only ${(gigabytes * 1000).toFixed(0)} MB are free where ${shown} is. Make room.`);
  else
    found.ok('data', `${shown}, ${gigabytes.toFixed(1)} GB free, ${isLocked(folder) ? 'a' : 'no'} ${whose} runs on it`);
}

async function lookAtSqlite(found: Terminal, folder: DataFolder): Promise<void> {
  const db = new DatabaseSync(folder.database, { readOnly: true, timeout: 5_000 });
  const [check] = db.prepare('pragma quick_check').all() as { quick_check: string }[];
  db.close();
  if (check?.quick_check !== 'ok')
    return found.wrong(
      'database',
      `SQLite finds damage: ${check?.quick_check}`,
      'Restore the last backup: npm run -s guildhall -- restore FILE',
    );
  const storage = openSqlite(folder.database);
  try {
    const { schema } = await migrate(storage);
    found.ok('database', `SQLite, schema ${schema}, whole`);
    await lookAtJobs(found, storage);
  } finally {
    await storage.close();
  }
}

async function lookAtJobs(found: Terminal, { db }: Storage): Promise<void> {
  const [last, ...others] = await listDead(db);
  if (!last) return;
  const count = others.length + 1;
  found.note('jobs', `${count} failed for good, the last: ${last.name}, ${last.reason}. See GET /v1/operator/dead`);
}
