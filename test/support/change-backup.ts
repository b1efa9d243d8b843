import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSealed, sealFile } from '#src/cli/backup-seal.ts';
import { configHome } from './child.ts';

/** Opens a backup, gives its database to `work`, and seals it again, with the passphrase that children of this process keep or with another. */
export async function changeBackup(file: string, work: (db: DatabaseSync) => void, passphrase = kept()): Promise<void> {
  await inPlain(file, passphrase, async (plain) => {
    const db = new DatabaseSync(plain);
    work(db);
    db.close();
    rmSync(file);
    await sealFile({ from: plain, to: file }, passphrase);
  });
}

/** What a backup holds, as a file while `work` lasts. */
export async function inPlain<T>(file: string, passphrase: string, work: (plain: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-backup-'));
  try {
    const plain = join(folder, 'backup.db');
    await openSealed({ from: file, to: plain }, [passphrase]);
    return await work(plain);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function kept(): string {
  return readFileSync(join(configHome(), 'guildhall/backup-passphrase'), 'utf8').trim();
}
