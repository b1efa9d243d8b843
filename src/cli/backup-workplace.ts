import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '#src/config.ts';

/**
 * Does something in a folder of its own (0700) that is removed after it, also where Ctrl C ends it: there a backup lies as it is
 * before it is sealed and after it is opened. On SQLite that is within the data folder, which holds the same; for PostgreSQL beside
 * the backup, where there is room for it, or in the system's folder for such things.
 */
export async function inWorkplace<T>(config: Config, file: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = makeFolder(config, file);
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const interrupted = (): void => {
    remove();
    process.exit(1);
  };
  for (const signal of SIGNALS) process.once(signal, interrupted);
  try {
    return await work(folder);
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupted);
    remove();
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const NAME = '.guildhall-backup-';

function makeFolder(config: Config, file: string): string {
  const data = resolve(config.GUILDHALL_DATA);
  if (config.DATABASE_URL === undefined) mkdirSync(data, { recursive: true, mode: 0o700 });
  const places = config.DATABASE_URL === undefined ? [data] : [dirname(file), tmpdir()];
  let refused: unknown;
  for (const place of places) {
    try {
      sweep(place);
      return mkdtempSync(join(place, NAME));
    } catch (error) {
      refused = error;
    }
  }
  throw refused;
}

/** ms after which nobody works in such a folder any more: it was left by a kill. */
const LEFT_MS = 24 * 3_600_000;

function sweep(place: string): void {
  for (const name of readdirSync(place).filter((one) => one.startsWith(NAME))) {
    const path = join(place, name);
    if (Date.now() - statSync(path).mtimeMs > LEFT_MS) rmSync(path, { recursive: true, force: true });
  }
}
