import { readdirSync, statSync, type Dirent } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Terminal } from '#src/terminal.ts';
import { placesOf } from './backup-passphrase.ts';

/** Whether anybody else may read what is in the data folder, or what backups are sealed with. A finding for each, with what mends it. */
export function lookAtModes(found: Terminal, folder: string): void {
  // Windows keeps no such modes.
  if (process.platform === 'win32') return;
  const all = new Set([folder, ...entriesOf(folder), ...placesOf(folder).filter(isFile)]);
  const open = [...all].flatMap(openTo);
  const [ours, foreign] = [
    open.filter(({ path }) => isOurs(folder, path)),
    open.filter(({ path }) => !isOurs(folder, path)),
  ];
  for (const { path, mode, shouldBe } of ours.slice(0, MOST_TOLD))
    found.wrong('data', `${path} may be read by others (0${mode.toString(8)}).`, `Mend it: chmod ${shouldBe} ${path}`);
  if (ours.length > MOST_TOLD)
    found.wrong('data', `${ours.length - MOST_TOLD} more may be read by others.`, `Mend it: chmod -R go= ${folder}`);
  const [first] = foreign;
  if (first) found.note('data', `${foreign.length} not of the hall’s own may be read by others, such as ${first.path}`);
  lookAtOwner(found, folder);
}

/** Findings of one kind that are told singly. */
const MOST_TOLD = 5;

/** What the program itself makes in the folder; anything else there is somebody's own. */
function isOurs(folder: string, path: string): boolean {
  const [first = ''] = relative(folder, path).split(sep);
  return first === '..' || /^(|hall\..*|vault|tls-.*\.pem|backup-passphrase|\.guildhall-backup-.*)$/.test(first);
}

interface Open {
  path: string;
  mode: number;
  /** As chmod takes it. */
  shouldBe: string;
}

function openTo(path: string): Open[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  const mode = (stats?.mode ?? 0) & 0o777;
  return (mode & 0o077) === 0 ? [] : [{ path, mode, shouldBe: stats?.isDirectory() ? '700' : '600' }];
}

/** Folders and files below, as deep as the program makes any. A socket is as open as the folder that it is in. */
function entriesOf(folder: string, depth = DEPTH): string[] {
  return namesIn(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isFile()) return [path];
    if (!entry.isDirectory()) return [];
    return [path, ...(depth > 0 ? entriesOf(path, depth - 1) : [])];
  });
}

const DEPTH = 2;

/** What cannot be read is not open to this user, and what goes away meanwhile to nobody. */
function namesIn(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Keys that another user owns are not read by the vault, and that user could change them. */
function lookAtOwner(found: Terminal, folder: string): void {
  const [keys, data] = [join(folder, 'vault', 'keys.json'), folder].map((path) =>
    statSync(path, { throwIfNoEntry: false }),
  );
  if (keys && data && keys.uid !== data.uid)
    found.wrong(
      'data',
      `vault/keys.json belongs to user ${keys.uid}, the data folder to ${data.uid}.`,
      'Mend it with chown.',
    );
}
