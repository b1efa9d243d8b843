import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { newCode } from '#core/ids.ts';
import type { CommandLine } from './command-line.ts';
import { passphraseFromStdin } from './passphrase.ts';

type Asked = Pick<CommandLine, 'config' | 'say'> & { stdin: boolean };

/**
 * What a backup is sealed with: what comes on the standard input, else BACKUP_PASSPHRASE, else one that was made once and is
 * kept for this user. Says where that is, each time.
 */
export async function sealingPassphrase({ config, say, stdin }: Asked): Promise<string> {
  if (stdin) return passphraseFromStdin();
  if (config.BACKUP_PASSPHRASE !== undefined) return config.BACKUP_PASSPHRASE;
  const { passphrase, path, made } = keptPassphrase(config.GUILDHALL_DATA);
  say.note(
    'passphrase',
    `${made ? 'made, and kept' : 'kept'} in ${path}. Without it the backup opens nowhere else: have a copy of it elsewhere.`,
  );
  return passphrase;
}

/** What a backup may be opened with: what comes on the standard input, and that alone; else the setting and what is kept. */
export async function openingPassphrases({ config, stdin }: Asked): Promise<string[]> {
  if (stdin) return [await passphraseFromStdin()];
  const { BACKUP_PASSPHRASE: set, GUILDHALL_DATA: data } = config;
  const kept = placesOf(data).map(readKept);
  return [...new Set([set, ...kept])].filter((one) => one !== undefined);
}

/** Where a passphrase may be kept, the first of them that can be written: the user's own folder for settings, else the data folder. */
export function placesOf(dataFolder: string): string[] {
  const own = process.env['XDG_CONFIG_HOME'];
  // https://specifications.freedesktop.org/basedir-spec/latest/: one that is not absolute is to be ignored.
  const homes = own?.startsWith('/')
    ? [own]
    : [homedir(), homeOfUser()].flatMap((home) => (home ? [join(home, '.config')] : []));
  const folders = [...homes.map((home) => join(home, 'guildhall')), resolve(dataFolder)];
  return [...new Set(folders)].map((folder) => join(folder, 'backup-passphrase'));
}

/** HOME may be somebody else's, or nobody's. */
function homeOfUser(): string | undefined {
  try {
    return userInfo().homedir;
  } catch {
    return undefined;
  }
}

interface Kept {
  passphrase: string;
  path: string;
  made: boolean;
}

function keptPassphrase(dataFolder: string): Kept {
  const places = placesOf(dataFolder);
  for (const path of places) {
    const passphrase = readKept(path);
    if (passphrase !== undefined) return { passphrase, path, made: false };
  }
  for (const path of places) {
    const passphrase = keepNew(path);
    if (passphrase !== undefined) return { passphrase, path, made: true };
  }
  throw new Error(
    `A passphrase for the backup can be kept nowhere here (${places.join(', ')}). Set BACKUP_PASSPHRASE, or give one with --passphrase-stdin.`,
  );
}

/** undefined where there is none. One that is there and cannot be read is an error: a second one would hide it. */
function readKept(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch (error) {
    if (ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new Error(`The passphrase in ${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** EACCES: the folder is another user's, so there is none of this user's. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'EACCES']);

/** Makes one of 125 random bits and keeps it, 0600; of two at once the first counts. undefined where it cannot be written. */
function keepNew(path: string): string | undefined {
  const half = `${path}.${process.pid}`;
  try {
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(half, `${newCode(5)}\n`, { mode: 0o600 });
    sync(half);
    linkSync(half, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return undefined;
  } finally {
    unlessRefused(() => rmSync(half, { force: true }));
  }
  // Not every system lets a folder be opened.
  unlessRefused(() => sync(join(path, '..')));
  return readKept(path);
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}

function unlessRefused(act: () => void): void {
  try {
    act();
  } catch {
    // What it is for is only to be sure, or tidy.
  }
}
