import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { migrate } from '#storage/migrate.ts';
import type { Storage } from '#storage/storage.ts';
import type { StorageCase } from './storage.contract.ts';

/** Programs of two versions on one database, as in an update that goes process by process. */
export const migrateContract: StorageCase[] = [
  {
    says: 'a program runs on a schema that is one newer than it knows, and says so',
    async holds(storage) {
      const { schema, newer } = await migrate(storage);
      assert.equal(newer, false);
      await withSchemas(storage, ['9001-from-the-future'], async () =>
        assert.deepEqual(await migrate(storage), { schema: schema + 1, newer: true }),
      );
    },
  },
  {
    says: 'a program refuses a schema that is two newer, in a sentence, and changes nothing',
    async holds(storage) {
      const { schema } = await migrate(storage);
      await withSchemas(storage, ['9001-from-the-future', '9002-and-beyond'], async () => {
        const says = new RegExp(`at schema ${schema + 2}, this program knows ${schema} .*Start a newer Guildhall`);
        await assert.rejects(migrate(storage), says);
      });
      assert.deepEqual(await migrate(storage), { schema, newer: false });
    },
  },
  {
    says: 'a program refuses a database whose steps are another program’s',
    async holds(storage) {
      await withSchemas(storage, ['9001-a-fork'], async () => {
        await sql`update kysely_migration set name = '0000-a-fork' where name = '0001-first'`.execute(storage.writer);
        await assert.rejects(migrate(storage), /Start a newer Guildhall/);
        await sql`update kysely_migration set name = '0001-first' where name = '0000-a-fork'`.execute(storage.writer);
      });
    },
  },
];

/** Does something while the database says that these steps were done too. */
async function withSchemas(storage: Storage, names: string[], act: () => Promise<void>): Promise<void> {
  const now = new Date().toISOString();
  for (const name of names)
    await sql`insert into kysely_migration (name, timestamp) values (${name}, ${now})`.execute(storage.writer);
  try {
    await act();
  } finally {
    await sql`delete from kysely_migration where name like '9%'`.execute(storage.writer);
  }
}
