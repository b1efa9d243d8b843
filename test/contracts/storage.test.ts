import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openPostgres } from '#storage/postgres.ts';
import { openSqlite } from '#storage/sqlite.ts';
import type { Storage } from '#storage/storage.ts';
import { startPostgres, type Postgres } from '#test/support/postgres.ts';
import { doorContract } from './door.contract.ts';
import { prepare } from './fixtures.ts';
import { roomsContract } from './rooms.contract.ts';
import { storageContract } from './storage.contract.ts';
import { workContract } from './work.contract.ts';

const cases = [...storageContract, ...roomsContract, ...workContract, ...doorContract];

describe('what holds for data on SQLite', () => {
  for (const { says, holds } of cases) {
    test(says, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'guildhall-unit-'));
      const storage = openSqlite(join(folder, 'hall.db'));
      t.after(() => close(storage).finally(() => rmSync(folder, { recursive: true, force: true })));
      await prepare(storage);
      await holds(storage);
    });
  }
});

// Making a database is mostly waiting, so several cases are under way at once.
describe('what holds for data on PostgreSQL', { concurrency: 6 }, () => {
  let postgres: Postgres | undefined;
  before(async () => (postgres = await startPostgres()));
  after(() => postgres?.stop());
  for (const { says, holds } of cases) {
    test(says, async (t) => {
      if (!postgres) return t.skip('no PostgreSQL here');
      const storage = openPostgres(await postgres.freshDatabase());
      t.after(() => close(storage));
      await prepare(storage);
      await holds(storage);
    });
  }
});

/** Closes what a case may have closed already. */
async function close(storage: Storage): Promise<void> {
  await storage.close().catch(() => undefined);
}
