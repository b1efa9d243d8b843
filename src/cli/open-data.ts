import { ensureCommunity } from '#storage/communities.ts';
import { migrate } from '#storage/migrate.ts';
import { openSqlite } from '#storage/sqlite.ts';
import type { Storage } from '#storage/storage.ts';
import type { Config } from '#src/config.ts';
import { openFolder, type DataFolder } from '#src/data-folder.ts';

/** Opens the hall's data for one act, beside a running hall or without one, and closes it after. */
export async function withData<T>(
  config: Config,
  act: (storage: Storage, folder: DataFolder) => Promise<T>,
): Promise<T> {
  const folder = openFolder(config.GUILDHALL_DATA);
  const storage = openSqlite(folder.database);
  try {
    await migrate(storage);
    await storage.write((tx) => ensureCommunity(tx.db, 'Guildhall', Date.now()));
    return await act(storage, folder);
  } finally {
    await storage.close();
  }
}
