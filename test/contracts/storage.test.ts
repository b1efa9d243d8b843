import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { openPostgres } from '#storage/postgres.ts';
import { openSqlite } from '#storage/sqlite.ts';
import type { Storage } from '#storage/storage.ts';
import { startPostgres, type Postgres } from '#test/support/postgres.ts';
import { auditContract } from './audit.contract.ts';
import { commandSettingsContract } from './command-settings.contract.ts';
import { featureSettingsContract } from './feature-settings.contract.ts';
import { doorContract } from './door.contract.ts';
import { prepare } from './fixtures.ts';
import { gateContract } from './gate.contract.ts';
import { gateOverviewContract } from './gate-overview.contract.ts';
import { invitesContract } from './invites.contract.ts';
import { identitiesContract } from './identities.contract.ts';
import { membersContract } from './members.contract.ts';
import { migrateContract } from './migrate.contract.ts';
import { overviewContract } from './overview.contract.ts';
import { personalContract } from './personal.contract.ts';
import { moderationContract } from './moderation.contract.ts';
import { postsContract } from './posts.contract.ts';
import { roomsContract } from './rooms.contract.ts';
import { searchContract } from './search.contract.ts';
import { secretsContract } from './secrets.contract.ts';
import { spacesContract } from './spaces.contract.ts';
import { storageContract } from './storage.contract.ts';
import { verificationContract } from './verification.contract.ts';
import { listContract } from './list.contract.ts';
import { workContract } from './work.contract.ts';

const cases = [
  ...storageContract,
  ...roomsContract,
  ...postsContract,
  ...workContract,
  ...doorContract,
  ...commandSettingsContract,
  ...featureSettingsContract,
  ...secretsContract,
  ...moderationContract,
  ...spacesContract,
  ...identitiesContract,
  ...invitesContract,
  ...searchContract,
  ...auditContract,
  ...overviewContract,
  ...membersContract,
  ...personalContract,
  ...verificationContract,
  ...gateContract,
  ...listContract,
  ...gateOverviewContract,
  ...migrateContract,
];

describe('what holds for data on SQLite', () => {
  for (const { says, holds } of cases) {
    test(says, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'guildhall-unit-'));
      const storage = openSqlite(join(folder, 'hall.db'));
      t.after(() => close(storage).finally(() => rmSync(folder, { recursive: true, force: true })));
      await prepare(storage);
      await holds(storage, storage);
    });
  }
});

describe('what holds for data on PostgreSQL', () => {
  let postgres: Postgres | undefined;
  let database: string;
  before(async () => {
    postgres = await startPostgres();
    if (postgres) database = await postgres.freshDatabase();
  });
  after(() => postgres?.stop());
  for (const { says, holds } of cases) {
    test(says, async (t) => {
      if (!postgres) return t.skip('no PostgreSQL here');
      const [storage, other] = [openPostgres(database), openPostgres(database)];
      t.after(() => Promise.all([close(storage), close(other)]));
      await empty(storage);
      await prepare(storage);
      await holds(storage, other);
    });
  }
});

/**
 * Takes everything out of a database that a case before has used: much quicker than making another, and than emptying the
 * tables that are empty, as each that is truncated is a file anew. Without its references no order needs to be kept.
 */
async function empty(storage: Storage): Promise<void> {
  await sql`drop table if exists promises`.execute(storage.writer);
  const { rows } = await sql<{ name: string }>`
    select tablename as name from pg_tables where schemaname = 'public' and tablename not like 'kysely_%'
  `.execute(storage.writer);
  if (rows.length === 0) return;
  const filled = rows.map(
    ({ name }) => sql`select ${sql.lit(name)} as name where exists (select from ${sql.table(name)})`,
  );
  const used = await sql<{ name: string }>`${sql.join(filled, sql` union all `)}`.execute(storage.writer);
  await storage.writer.transaction().execute(async (tx) => {
    await sql`set local session_replication_role = replica`.execute(tx);
    for (const { name } of used.rows) await sql`delete from ${sql.table(name)}`.execute(tx);
  });
}

/** Closes what a case may have closed already. */
async function close(storage: Storage): Promise<void> {
  await storage.close().catch(() => undefined);
}
