import {
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
} from 'node:fs';
import { rmSync, type Stats, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { forgetKeys, keysOf, type StoredKey, textOf } from './key-text.ts';
import { VAULT_LIMITS } from './limits.ts';

export const KEY_FILE = 'keys.json';

/** What is the matter with the keys, and what the operator can do: sentences. */
export class KeyTrouble extends Error {
  override name = 'KeyTrouble';
}

/** Makes the folder where it is absent, for its owner alone. Throws `KeyTrouble` where it is somebody else's. */
export function openKeyFolder(folder: string): void {
  fileWork(folder, 'made', () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stats = statSync(folder);
    refuseForeign(folder, stats);
    if (othersMay(stats)) chmodSync(folder, 0o700);
  });
}

/**
 * Gives the keys of the folder to `use` and overwrites them afterwards; undefined where there is no key file.
 * Throws `KeyTrouble` where it is damaged or not for its owner alone; it is never changed then.
 */
export function withKeys<T>(folder: string, use: (keys: StoredKey[] | undefined) => T): T {
  const keys = readKeys(join(folder, KEY_FILE));
  try {
    return use(keys);
  } finally {
    forgetKeys(keys ?? []);
  }
}

/**
 * Changes the key file while no other process does: `change` gives the keys that shall be, or the very same array for no change.
 * When this returns the file is on the disk as a whole, and a kill at any moment leaves the one before or this one.
 */
export function changeKeys(folder: string, change: (keys: StoredKey[] | undefined) => StoredKey[]): void {
  openKeyFolder(folder);
  alone(folder, () =>
    withKeys(folder, (keys) => {
      const changed = change(keys);
      try {
        if (changed !== keys) fileWork(join(folder, KEY_FILE), 'written', () => writeKeys(folder, changed));
      } finally {
        forgetKeys(changed);
      }
    }),
  );
}

/** Somebody else has the folder. */
export class VaultInUse extends KeyTrouble {
  override name = 'VaultInUse';

  constructor(folder: string) {
    super(`Another vault runs on ${folder}. End that one first.`);
  }
}

/**
 * Keeps the folder for this process. The lock is the operating system's own, on an empty database file,
 * so that it ends with the process however that dies. Throws `VaultInUse`.
 */
export function holdFolder(folder: string): { release(): void } {
  const lock = locked(join(folder, 'vault.lock'), 0);
  if (!lock) throw new VaultInUse(folder);
  return { release: () => lock.close() };
}

/** Another one after each change of the key file, whoever changed it. */
export function versionOf(folder: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(join(folder, KEY_FILE));
    return [ino, size, mtimeMs, ctimeMs].join(' ');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}

function readKeys(path: string): StoredKey[] | undefined {
  return fileWork(path, 'read', () => {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (!stats) return undefined;
    refuseLink(path, stats);
    refuseForeign(path, stats);
    if (othersMay(stats))
      throw new KeyTrouble(
        `${path} can be read or changed by others on this machine. If nobody untrusted could: chmod 600 ${path}. If somebody could: do the same, then npm run -s guildhall -- vault rotate`,
      );
    const keys = stats.size <= VAULT_LIMITS.keyFile ? keysOf(readFileSync(path)) : undefined;
    if (!keys)
      throw new KeyTrouble(
        `${path} is damaged. Put back the one of a backup; or move it away, and give back what export-key wrote: npm run -s guildhall -- vault import-key FILE`,
      );
    return keys;
  });
}

/**
 * First a whole new file, then its name. Everything is written through to the disk by O_SYNC, as Node's permission model has no fsync:
 * https://nodejs.org/api/permissions.html
 */
function writeKeys(folder: string, keys: StoredKey[]): void {
  const path = join(folder, KEY_FILE);
  const fresh = `${path}.new`;
  const bytes = textOf(keys);
  try {
    // An import of many keys may get there. Written it would not be read any more.
    if (bytes.length > VAULT_LIMITS.keyFile)
      throw new KeyTrouble(`There is no room for ${keys.length} keys in ${path}. It was left as it is.`);
    // Left by a kill. Nobody was told of a key in it.
    rmSync(fresh, { force: true });
    writeThrough(fresh, constants.O_CREAT | constants.O_EXCL, (fd) => writeFileSync(fd, bytes));
    renameSync(fresh, path);
    // One byte again, as it is: the file's new name gets to the disk with it, on whatever file system.
    writeThrough(path, 0, (fd) => writeSync(fd, bytes, 0, 1, 0));
    syncFolder(folder);
  } finally {
    bytes.fill(0);
  }
}

function writeThrough(path: string, flags: number, write: (fd: number) => void): void {
  const fd = openSync(path, constants.O_WRONLY | (constants.O_SYNC ?? 0) | flags, 0o600);
  try {
    write(fd);
  } finally {
    closeSync(fd);
  }
}

/** Where it may: in the vault's own process it is refused, and some systems open no folders. */
function syncFolder(folder: string): void {
  try {
    const fd = openSync(folder, constants.O_RDONLY);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    // The file was written through after its name was changed.
  }
}

function alone<T>(folder: string, work: () => T): T {
  const lock = locked(join(folder, 'keys.lock'), VAULT_LIMITS.keyFileWait);
  if (!lock) throw new KeyTrouble(`Another process changes the keys in ${folder} just now. Try again in a moment.`);
  try {
    return work();
  } finally {
    lock.close();
  }
}

/** Undefined where another process has it and keeps it for longer than `wait`, ms. */
function locked(path: string, wait: number): DatabaseSync | undefined {
  return fileWork(path, 'locked', () => {
    refuseLink(path, lstatSync(path, { throwIfNoEntry: false }));
    const lock = new DatabaseSync(path, { timeout: wait });
    try {
      chmodSync(path, 0o600);
      lock.exec('pragma journal_mode = memory; begin exclusive;');
      return lock;
    } catch (error) {
      lock.close();
      if ((error as { errcode?: number }).errcode === BUSY) return undefined;
      throw error;
    }
  });
}

/** https://www.sqlite.org/rescode.html#busy */
const BUSY = 5;

/** A change puts a new file in the place of the link, and one that leads nowhere would look like no keys. */
function refuseLink(path: string, stats: Stats | undefined): void {
  if (stats?.isSymbolicLink())
    throw new KeyTrouble(`${path} is a link. Put the file itself there, or let the whole folder be a link.`);
}

function refuseForeign(path: string, { uid }: Stats): void {
  const me = process.getuid?.();
  if (me !== undefined && uid !== me)
    throw new KeyTrouble(
      `${path} belongs to user ${uid}, and this process runs as user ${me}. Run it as the owner, or change the owner.`,
    );
}

/** Windows knows no such modes. */
function othersMay({ mode }: Stats): boolean {
  return process.getuid !== undefined && (mode & 0o077) !== 0;
}

/** What the system refuses becomes a sentence of ours. */
function fileWork<T>(path: string, done: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof KeyTrouble || code === undefined) throw error;
    throw new KeyTrouble(`${path} cannot be ${done}: ${code === 'ERR_SQLITE_ERROR' ? message : code}.`, {
      cause: error,
    });
  }
}
