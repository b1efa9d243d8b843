import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** A community's places on other platforms, the uses of commands whose pace it set itself, and answers parted by platform. */
export function platforms(dialect: 'sqlite' | 'postgres'): Migration {
  const big = dialect === 'postgres' ? sql`bigint` : sql`integer`;
  return {
    async up(db: Kysely<never>) {
      await spaces(db, big);
      await uses(db, big);
      await answersByPlatform(db, dialect);
      if (dialect === 'sqlite') await leaner(db);
    },
  };
}

type Big = ReturnType<typeof sql>;

async function spaces(db: Kysely<never>, big: Big): Promise<void> {
  await db.schema
    .createTable('spaces')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('community_id', 'text', (c) => c.notNull().references('communities.id').onDelete('cascade'))
    .addColumn('platform', 'text', (c) => c.notNull())
    .addColumn('platform_id', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('symbol', 'text')
    .addColumn('seen_at', big, (c) => c.notNull())
    .addUniqueConstraint('spaces_once', ['platform', 'platform_id'] as never[])
    .execute();
  await db.schema.createIndex('spaces_of').on('spaces').column('community_id').execute();
}

async function uses(db: Kysely<never>, big: Big): Promise<void> {
  await db.schema
    .createTable('command_uses')
    .addColumn('community_id', 'text', (c) => c.notNull().references('communities.id').onDelete('cascade'))
    .addColumn('command', 'text', (c) => c.notNull())
    .addColumn('person', 'text', (c) => c.notNull())
    .addColumn('window_start', big, (c) => c.notNull())
    .addColumn('used', 'integer', (c) => c.notNull())
    .addColumn('last_at', big, (c) => c.notNull())
    .addPrimaryKeyConstraint('command_uses_pk', ['community_id', 'command', 'person'] as never[])
    .execute();
}

/** Answers that wait from before `outgoing` was parted: each goes to the part of its platform. */
async function answersByPlatform(db: Kysely<never>, dialect: 'sqlite' | 'postgres'): Promise<void> {
  const platform =
    dialect === 'postgres' ? sql`(body::json #>> '{to,platform}')` : sql`json_extract(body, '$.to.platform')`;
  await sql`update outbox set channel = 'outgoing.' || ${platform} where channel = 'outgoing'`.execute(db);
}

/** Each message writes these. Without a row number of their own they are one tree and not two: https://sqlite.org/withoutrowid.html */
async function leaner(db: Kysely<never>): Promise<void> {
  await rebuild(
    db,
    'inbox',
    'id text primary key not null, request text not null, digest text not null, at integer not null',
  );
  await rebuild(db, 'deliveries', 'id text primary key not null, at integer not null');
}

async function rebuild(db: Kysely<never>, table: string, columns: string): Promise<void> {
  const [to, from] = [sql.raw(table), sql.raw(`${table}_before`)];
  await sql`alter table ${to} rename to ${from}`.execute(db);
  await sql`create table ${to} (${sql.raw(columns)}) without rowid`.execute(db);
  await sql`insert into ${to} select * from ${from}`.execute(db);
  await sql`drop table ${from}`.execute(db);
}
