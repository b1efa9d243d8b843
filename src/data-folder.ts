import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface DataFolder {
  path: string;
  database: string;
  made: boolean;
}

/** The folder of all data, made where absent: the folder 0700, the database in it 0600, unless that is elsewhere. */
export function openFolder(given: string, { database: hasOwn = true } = {}): DataFolder {
  const path = resolve(given);
  const made = !existsSync(path);
  if (made) mkdirSync(path, { recursive: true, mode: 0o700 });
  const database = join(path, 'hall.db');
  if (hasOwn && !existsSync(database)) {
    writeFileSync(database, '', { mode: 0o600 });
    chmodSync(database, 0o600);
  }
  return { path, database, made };
}

/** Somebody else has the folder. */
export class FolderInUse extends Error {
  readonly by: { pid: number; since: string } | undefined;

  constructor(by: { pid: number; since: string } | undefined) {
    super(`in use by process ${by?.pid ?? 'unknown'}`);
    this.by = by;
  }
}

/**
 * Locks the folder for this process. The lock is the operating system's own, on a small database file,
 * so that it ends with the process however that dies. Throws `FolderInUse`.
 */
export function lockFolder(folder: DataFolder): { release(): void } {
  const holder = join(folder.path, 'hall.pid');
  const lock = new DatabaseSync(join(folder.path, 'hall.lock'), { timeout: 0 });
  chmodSync(join(folder.path, 'hall.lock'), 0o600);
  try {
    lock.exec('pragma locking_mode = exclusive; pragma journal_mode = delete; begin exclusive;');
  } catch {
    lock.close();
    throw new FolderInUse(readHolder(holder));
  }
  writeFileSync(holder, JSON.stringify({ pid: process.pid, since: new Date().toISOString() }), { mode: 0o600 });
  return { release: () => lock.close() };
}

/** Whether a hall runs on this folder now. */
export function isLocked(folder: DataFolder): boolean {
  try {
    lockFolder(folder).release();
    return false;
  } catch (error) {
    if (error instanceof FolderInUse) return true;
    throw error;
  }
}

function readHolder(path: string): { pid: number; since: string } | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as { pid: number; since: string };
  } catch {
    return undefined;
  }
}
