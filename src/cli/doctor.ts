import { existsSync, statfsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { resolve } from 'node:path';
import { migrate } from '#storage/migrate.ts';
import { openSqlite } from '#storage/sqlite.ts';
import { listDead } from '#storage/work.ts';
import { isLocked, openFolder, type DataFolder } from '#src/data-folder.ts';
import { features } from '#src/features.ts';
import { checkPlatforms } from '#src/platform-checks.ts';
import { certificate } from '#src/tls.ts';
import type { Terminal } from '#src/terminal.ts';
import type { CommandLine } from './command-line.ts';

/** `doctor`: looks at everything the hall stands on and says what to mend, each with how. Returns 1 where there is something. */
export async function doctor({ config, say }: CommandLine): Promise<number> {
  const found = counting(say);
  const { envFile, set } = config.source;
  found.ok(
    'node',
    `${process.versions.node}, ${process.execPath.includes('node_modules') ? 'our own copy' : 'the machine’s'}`,
  );
  found.ok('settings', `${envFile ? '.env' : 'no .env'}, ${set} set, all known`);
  if (!existsSync(resolve(config.GUILDHALL_DATA)))
    found.note('data', `${config.GUILDHALL_DATA} is not there yet; the first start makes it`);
  else await lookAtData(found, openFolder(config.GUILDHALL_DATA), config.GUILDHALL_DATA);
  await lookAtTls(found, config);
  await lookAtQuotes(found, config.STOCK_URL);
  await lookAtPlatforms(found, config);
  say.plain(
    found.wrongs === 0 ? 'Nothing to do.' : `${found.wrongs} ${found.wrongs === 1 ? 'thing' : 'things'} to do.`,
  );
  return found.wrongs === 0 ? 0 : 1;
}

type Found = Terminal & { wrongs: number };

function counting(say: Terminal): Found {
  return {
    ...say,
    wrongs: 0,
    wrong(what, ...lines) {
      this.wrongs++;
      say.wrong(what, ...lines);
    },
  };
}

async function lookAtData(found: Found, folder: DataFolder, shown: string): Promise<void> {
  const free = statfsSync(folder.path);
  const gigabytes = (free.bavail * free.bsize) / 1e9;
  if (gigabytes < 0.5)
    found.wrong('data', `Only ${(gigabytes * 1000).toFixed(0)} MB are free where ${shown} is. Make room.`);
  else
    found.ok(
      'data',
      `${shown}, ${gigabytes.toFixed(1)} GB free, ${isLocked(folder) ? 'a hall runs on it' : 'no hall runs on it'}`,
    );
  for (const [path, mode] of [
    [folder.path, 0o700],
    [folder.database, 0o600],
  ] as const) {
    const has = statSync(path).mode & 0o777;
    if ((has & ~mode) !== 0)
      found.wrong(
        'data',
        `${path} may be read by others (0${has.toString(8)}).`,
        `Mend it: chmod ${mode.toString(8)} ${path}`,
      );
  }
  await lookAtDatabase(found, folder);
}

async function lookAtDatabase(found: Found, folder: DataFolder): Promise<void> {
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
    const schema = await migrate(storage);
    found.ok('database', `SQLite, schema ${schema}, whole`);
    const dead = await listDead(storage.db);
    if (dead.length === 0) return;
    found.note(
      'jobs',
      `${dead.length} failed for good, the last: ${dead[0]?.name}, ${dead[0]?.reason}. See GET /v1/operator/dead`,
    );
  } finally {
    await storage.close();
  }
}

async function lookAtTls(found: Found, config: CommandLine['config']): Promise<void> {
  if (config.TLS !== 'files')
    return found.ok('tls', config.TLS === 'off' ? `off, on ${config.HOST}` : 'by a certificate of its own');
  try {
    const days = (await certificate(config, ''))?.daysLeft ?? 0;
    if (days < 14) found.wrong('tls', `The certificate ends in ${days} days. Renew it.`);
    else found.ok('tls', `from files, ${days} days left`);
  } catch (error) {
    found.wrong('tls', `The certificate cannot be read: ${(error as Error).message}`);
  }
}

async function lookAtQuotes(found: Found, stockUrl: string): Promise<void> {
  try {
    await fetch(stockUrl, { method: 'HEAD', signal: AbortSignal.timeout(4_000) });
    found.ok('stock', `${new URL(stockUrl).host} answers`);
  } catch {
    found.note('stock', `${new URL(stockUrl).host} does not answer; /stock says so when it is used`);
  }
}

/** The invite link asks for what answering needs, and for what the features do; no more. */
async function lookAtPlatforms(found: Found, config: CommandLine['config']): Promise<void> {
  const acts = features(config).flatMap((feature) => feature.acts ?? []);
  for (const { name, state, lines } of await checkPlatforms(config, acts)) {
    if (state === 'wrong') found.wrong(name, ...lines);
    else if (state === 'skipped') found.note(name, lines.join(' '));
    else found.ok(name, ...lines);
  }
}
