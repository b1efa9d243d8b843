import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes of a socket's path: sun_path has 104 on some systems, with its end. */
const MOST_BYTES = 100;

/**
 * Where the vault with these keys is reached on this machine: in its folder, which nobody else may enter. Where that path is
 * longer than a socket's may be, in a folder for temporary files with a name of its own.
 */
export function socketOf(folder: string): string {
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 24);
  if (process.platform === 'win32') return `\\\\.\\pipe\\guildhall-${name}`;
  const path = join(folder, 'socket');
  if (Buffer.byteLength(path) <= MOST_BYTES) return path;
  return join(ownFolder(join(tmpdir(), `guildhall-${name}`)), 'socket');
}

/** Anybody may make folders there: one that is somebody else's, or open to others, is not used. */
function ownFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const found = lstatSync(path);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0)
    throw new Error(`${path} is not a folder of ours alone: remove it, or choose a shorter GUILDHALL_DATA.`);
  return path;
}
