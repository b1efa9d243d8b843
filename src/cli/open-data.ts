import { AppError } from '#core/errors.ts';
import { ensureCommunity } from '#storage/communities.ts';
import { migrate } from '#storage/migrate.ts';
import type { Storage } from '#storage/storage.ts';
import type { Config } from '#src/config.ts';
import { openFolder } from '#src/data-folder.ts';
import { explainEngine } from '#src/engine-refusals.ts';
import { openStorage } from '#src/engines.ts';
import { refuseUnfinishedMove } from '#src/unfinished-move.ts';

/**
 * Opens the hall's data for one act, beside a running hall or without one, and closes it after: the database of
 * DATABASE_URL, else the file in the data folder. Where PostgreSQL cannot be used it throws a sentence that says why.
 */
export async function withData<T>(config: Config, act: (storage: Storage) => Promise<T>): Promise<T> {
  const database = config.DATABASE_URL === undefined ? openFolder(config.GUILDHALL_DATA).database : '';
  const storage = await openStorage(config, { database, role: 'command line' });
  try {
    await migrate(storage);
    await refuseUnfinishedMove(storage.db);
    await storage.write((tx) => ensureCommunity(tx.db, 'Guildhall', Date.now()));
    return await act(storage);
  } catch (error) {
    throw isAway(error) && config.DATABASE_URL !== undefined ? explainAway(error, config.DATABASE_URL) : error;
  } finally {
    await storage.close();
  }
}

/** What storage says of a database that is away: `not-ready` where it was read, `not-stored` where it was written. */
export function isAway(error: unknown): boolean {
  return error instanceof AppError && error.status === 503 && error.cause !== undefined;
}

/** The reason, with what mends it. */
export function explainAway(error: unknown, url: string): Error {
  const lines = explainEngine(error, { name: 'PostgreSQL', setting: 'DATABASE_URL', url });
  return new Error(lines.join(' '), { cause: error });
}
