import { chmodSync, copyFileSync, existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join, resolve } from 'node:path';
import { keepBackup } from '#storage/backups.ts';
import { openingPassphrases, sealingPassphrase } from './backup-passphrase.ts';
import { isSealed, openSealed, sealFile, WrongPassphrase } from './backup-seal.ts';
import { fileFromSqlite, sqliteFromFile } from './backup-sqlite.ts';
import { inWorkplace } from './backup-workplace.ts';
import { WrongUse, type CommandLine } from './command-line.ts';
import { parsePassphraseWords } from './passphrase.ts';
import { withData } from './open-data.ts';

/**
 * `backup FILE [--passphrase-stdin]`: everything as it stood at one moment, as an SQLite file sealed with a passphrase, 0600,
 * and read back. It holds no key of the vault.
 */
export async function backup(line: CommandLine): Promise<number> {
  const { config, say } = line;
  const { file, stdin } = readWords(line.words);
  if (existsSync(file)) throw new Error(`${file} is there already; a backup never overwrites.`);
  const passphrase = await sealingPassphrase({ config, say, stdin });
  const counts = await inWorkplace(config, file, async (folder) => {
    const plain = join(folder, 'backup.db');
    const counted = await takePlain(line, plain);
    await putSealed({ from: plain, to: file }, passphrase);
    return counted;
  });
  await withData(config, ({ write }) =>
    write(({ db }) => keepBackup(db, { at: Date.now(), bytes: statSync(file).size })),
  );
  say.ok('backup', `${counts.messages} messages, ${counts.accounts} accounts in ${file}. Read back: whole.`);
  if (counts.secrets > 0)
    say.note('vault', `Its key is not in the backup: keep it apart. npm run -s guildhall -- vault export-key FILE`);
  return 0;
}

/**
 * `restore FILE [--passphrase-stdin]`: what the backup holds takes the place of everything, in one commit, so it works beside a
 * running hall too: that closes its live connections, and people find the restored rooms. On any failure nothing has changed.
 * The file may come from SQLite or PostgreSQL, and goes into whichever the settings name. Backups of older versions may be unsealed.
 */
export async function restore(line: CommandLine): Promise<number> {
  const { config, say } = line;
  const { file, stdin } = readWords(line.words);
  if (!existsSync(file)) throw new Error(`There is no file ${file}.`);
  const sealed = await isSealed(file);
  const passphrases = sealed ? await openingPassphrases({ config, say, stdin }) : [];
  if (!sealed) readBack(file, file);
  const counts = await inWorkplace(config, file, async (folder) => {
    const plain = join(folder, 'backup.db');
    await (sealed ? openInto(plain, file, passphrases) : copyInto(plain, file));
    const counted = readBack(plain, file);
    await putBack(line, plain);
    return counted;
  });
  say.ok('restore', `${counts.messages} messages, ${counts.accounts} accounts are back.`);
  if (!sealed) say.note('backup', `${file} is not sealed, as it is of an older version: whoever has it can read it.`);
  if (counts.secrets > 0)
    say.note(
      'vault',
      'Secrets came back with it. Whether the vault has their key: npm run -s guildhall -- vault status',
    );
  return 0;
}

async function takePlain({ config }: CommandLine, plain: string): Promise<Counts> {
  writeFileSync(plain, '', { mode: 0o600 });
  await withData(config, async (storage) => {
    if (storage.dialect === 'sqlite') return fileFromSqlite(config.GUILDHALL_DATA, plain);
    const { fileFromPostgres } = await import('./backup-postgres.ts');
    return fileFromPostgres(storage, plain);
  });
  return readBack(plain, plain);
}

/** Whole or not at all: what was written is opened again and compared before it has its name. */
async function putSealed({ from, to }: { from: string; to: string }, passphrase: string): Promise<void> {
  const half = `${to}.half`;
  rmSync(half, { force: true });
  try {
    const written = await sealFile({ from, to: half }, passphrase);
    if ((await openSealed({ from: half }, [passphrase])) !== written)
      throw new Error(`${to} was not written as it is.`);
    renameSync(half, to);
  } finally {
    rmSync(half, { force: true });
  }
}

async function openInto(plain: string, file: string, passphrases: string[]): Promise<void> {
  try {
    await openSealed({ from: file, to: plain }, passphrases);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`${file} cannot be opened. ${message}${error instanceof WrongPassphrase ? ` ${HOW}` : ''}`);
  }
}

const HOW = 'Set BACKUP_PASSPHRASE, or give it with --passphrase-stdin.';

async function copyInto(plain: string, file: string): Promise<void> {
  copyFileSync(file, plain);
  // A backup may have been made read-only; its mode comes with the copy.
  chmodSync(plain, 0o600);
}

/** Brings the database's own schema up to date first; the backup's rows go into it by name. */
async function putBack({ config }: CommandLine, plain: string): Promise<void> {
  await withData(config, async (storage) => {
    if (storage.dialect === 'sqlite') return sqliteFromFile(config.GUILDHALL_DATA, plain);
    const { postgresFromFile } = await import('./backup-postgres.ts');
    return postgresFromFile(storage, plain);
  });
}

interface Counts {
  messages: number;
  accounts: number;
  secrets: number;
}

/** Opens a backup, checks that it is whole and counts what is in it. `shown`: what it is called. */
function readBack(plain: string, shown: string): Counts {
  const db = new DatabaseSync(plain, { readOnly: true });
  try {
    const [check] = db.prepare('pragma integrity_check').all() as { integrity_check: string }[];
    if (check?.integrity_check !== 'ok') throw new Error(`${shown} is damaged: ${check?.integrity_check}`);
    const count = (table: string): number =>
      (db.prepare(`select count(*) as count from ${table}`).get() as { count: number }).count;
    // Backups of older versions have none.
    const keepsSecrets = db.prepare("select 1 from sqlite_schema where name = 'secrets'").get() !== undefined;
    return { messages: count('messages'), accounts: count('accounts'), secrets: keepsSecrets ? count('secrets') : 0 };
  } catch (error) {
    throw new Error(`${shown} is not a whole backup of a hall: ${(error as Error).message}`);
  } finally {
    db.close();
  }
}

function readWords(words: string[]): { file: string; stdin: boolean } {
  const { values, positionals } = parsePassphraseWords(words);
  const [file, ...rest] = positionals;
  if (!file || rest.length > 0) throw new WrongUse('Name one file.');
  return { file: resolve(file), stdin: values['passphrase-stdin'] };
}
