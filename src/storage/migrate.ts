import { Migrator } from 'kysely/migration';
import type { Storage } from './storage.ts';
import { first } from './migrations/0001-first.ts';
import { platforms } from './migrations/0002-platforms.ts';

/** Brings the database to the newest schema. Returns the number of the schema. Throws when a step fails; nothing is half done. */
export async function migrate(storage: Pick<Storage, 'writer' | 'dialect'>): Promise<number> {
  const migrations = { '0001-first': first(storage.dialect), '0002-platforms': platforms(storage.dialect) };
  const migrator = new Migrator({ db: storage.writer, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
  return Object.keys(migrations).length;
}
