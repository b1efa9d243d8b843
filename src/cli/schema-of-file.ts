import { DatabaseSync } from 'node:sqlite';
import { migrate } from '#storage/migrate.ts';
import { openSqlite } from '#storage/sqlite.ts';

/** The number of the schema that this program makes. */
export async function knownSchema(): Promise<number> {
  const storage = openSqlite(':memory:');
  try {
    return (await migrate(storage)).schema;
  } finally {
    await storage.close();
  }
}

/**
 * The path of the same data at this program's schema: the file itself where it is at it, else `copy`, into which an older
 * one is brought up to date. The file is only read. Throws a sentence where it is of a newer version.
 */
export async function atThisSchema(file: string, copy: string): Promise<string> {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  try {
    const [has, known] = [schemaOf(db), await knownSchema()];
    if (has > known)
      throw new Error(`The data is at schema ${has}, this program knows ${known}. Use the Guildhall that it is of.`);
    if (has === known) return file;
    db.prepare('vacuum into ?').run(copy);
  } finally {
    db.close();
  }
  const storage = openSqlite(copy);
  await migrate(storage).finally(() => storage.close());
  return copy;
}

/** How many migrations were done; 0 where the file is empty. */
function schemaOf(db: DatabaseSync): number {
  const table = db.prepare("select 1 from sqlite_schema where name = 'kysely_migration'").get();
  if (!table) return 0;
  return (db.prepare('select count(*) as done from kysely_migration').get() as { done: number }).done;
}
