import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** The hall as it opens: communities with members, rooms with numbered messages, and the outbox that nothing is lost by. */
export function first(dialect: 'sqlite' | 'postgres'): Migration {
  const big = dialect === 'postgres' ? sql`bigint` : sql`integer`;
  return {
    async up(db: Kysely<never>) {
      await people(db, big);
      await rooms(db, big);
      await work(db, big, dialect);
    },
  };
}

type Big = ReturnType<typeof sql>;

async function people(db: Kysely<never>, big: Big): Promise<void> {
  const schema = db.schema;
  await schema
    .createTable('communities')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('created_at', big, (c) => c.notNull())
    .execute();
  await schema
    .createTable('accounts')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('username', 'text', (c) => c.notNull().unique())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('password_hash', 'text', (c) => c.notNull())
    .addColumn('operator', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('disabled_at', big)
    .addColumn('created_at', big, (c) => c.notNull())
    .execute();
  await schema
    .createTable('members')
    .addColumn('community_id', 'text', (c) => c.notNull().references('communities.id').onDelete('cascade'))
    .addColumn('account_id', 'text', (c) => c.notNull().references('accounts.id').onDelete('cascade'))
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('joined_at', big, (c) => c.notNull())
    .addPrimaryKeyConstraint('members_pk', ['account_id', 'community_id'])
    .execute();
  await schema.createIndex('members_of').on('members').column('community_id').execute();
  await schema
    .createTable('sessions')
    .addColumn('token_hash', 'text', (c) => c.primaryKey())
    .addColumn('id', 'text', (c) => c.notNull().unique())
    .addColumn('account_id', 'text', (c) => c.notNull().references('accounts.id').onDelete('cascade'))
    .addColumn('device', 'text', (c) => c.notNull())
    .addColumn('idle_ms', big, (c) => c.notNull())
    .addColumn('created_at', big, (c) => c.notNull())
    .addColumn('last_seen_at', big, (c) => c.notNull())
    .addColumn('expires_at', big, (c) => c.notNull())
    .execute();
  await schema.createIndex('sessions_of').on('sessions').column('account_id').execute();
  await schema
    .createTable('invites')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('community_id', 'text', (c) => c.notNull().references('communities.id').onDelete('cascade'))
    .addColumn('code_hash', 'text', (c) => c.notNull().unique())
    .addColumn('code', 'text')
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('uses', 'integer', (c) => c.notNull())
    .addColumn('used', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('expires_at', big)
    .addColumn('created_by', 'text')
    .addColumn('created_at', big, (c) => c.notNull())
    .execute();
}

async function rooms(db: Kysely<never>, big: Big): Promise<void> {
  const schema = db.schema;
  await schema
    .createTable('rooms')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('community_id', 'text', (c) => c.notNull().references('communities.id').onDelete('cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('topic', 'text', (c) => c.notNull())
    .addColumn('private', 'integer', (c) => c.notNull())
    .addColumn('seq', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('created_by', 'text', (c) => c.notNull())
    .addColumn('created_at', big, (c) => c.notNull())
    .addColumn('deleted_at', big)
    .execute();
  await schema.createIndex('rooms_of').on('rooms').column('community_id').execute();
  await schema
    .createTable('room_members')
    .addColumn('room_id', 'text', (c) => c.notNull().references('rooms.id').onDelete('cascade'))
    .addColumn('account_id', 'text', (c) => c.notNull().references('accounts.id').onDelete('cascade'))
    .addPrimaryKeyConstraint('room_members_pk', ['room_id', 'account_id'])
    .execute();
  await schema
    .createTable('messages')
    .addColumn('room_id', 'text', (c) => c.notNull().references('rooms.id').onDelete('cascade'))
    .addColumn('seq', 'integer', (c) => c.notNull())
    .addColumn('id', 'text', (c) => c.notNull().unique())
    .addColumn('author_id', 'text')
    .addColumn('text', 'text', (c) => c.notNull())
    .addColumn('extra', 'text')
    .addColumn('client_id', 'text')
    .addColumn('created_at', big, (c) => c.notNull())
    .addColumn('edited_at', big)
    .addColumn('deleted_at', big)
    .addPrimaryKeyConstraint('messages_pk', ['room_id', 'seq'])
    .execute();
  await schema
    .createIndex('messages_once')
    .on('messages')
    .columns(['room_id', 'author_id', 'client_id'])
    .unique()
    .where(sql.ref('client_id'), 'is not', null)
    .execute();
  await counted(db, 'reads', ['account_id', 'room_id']);
  await counted(db, 'mentions', ['account_id', 'room_id', 'seq']);
}

async function counted(db: Kysely<never>, table: string, key: string[]): Promise<void> {
  await db.schema
    .createTable(table)
    .addColumn('account_id', 'text', (c) => c.notNull().references('accounts.id').onDelete('cascade'))
    .addColumn('room_id', 'text', (c) => c.notNull().references('rooms.id').onDelete('cascade'))
    .addColumn('seq', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint(`${table}_pk`, key as never[])
    .execute();
}

async function work(db: Kysely<never>, big: Big, dialect: 'sqlite' | 'postgres'): Promise<void> {
  const schema = db.schema;
  await schema
    .createTable('inbox')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('request', 'text', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('at', big, (c) => c.notNull())
    .execute();
  await schema
    .createTable('deliveries')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('at', big, (c) => c.notNull())
    .execute();
  await schema
    .createTable('outbox')
    .addColumn('n', dialect === 'postgres' ? 'bigserial' : 'integer', (c) =>
      dialect === 'postgres' ? c.primaryKey() : c.primaryKey().autoIncrement(),
    )
    .addColumn('channel', 'text', (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull())
    .addColumn('created_at', big, (c) => c.notNull())
    .execute();
  await schema
    .createTable('answers')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('account_id', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('reply', 'text')
    .addColumn('created_at', big, (c) => c.notNull())
    .execute();
  await schema
    .createTable('jobs')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('payload', 'text', (c) => c.notNull())
    .addColumn('request', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('attempts', 'integer', (c) => c.notNull())
    .addColumn('reason', 'text')
    .addColumn('created_at', big, (c) => c.notNull())
    .addColumn('failed_at', big)
    .execute();
  await schema.createIndex('jobs_by_state').on('jobs').columns(['state', 'created_at']).execute();
  await schema
    .createTable('command_settings')
    .addColumn('community_id', 'text', (c) => c.notNull().references('communities.id').onDelete('cascade'))
    .addColumn('command', 'text', (c) => c.notNull())
    .addColumn('is_on', 'integer', (c) => c.notNull())
    .addColumn('allow', 'text')
    .addColumn('settings', 'text')
    .addPrimaryKeyConstraint('command_settings_pk', ['community_id', 'command'])
    .execute();
  await schema
    .createTable('audit')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('community_id', 'text')
    .addColumn('account_id', 'text')
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('subject', 'text')
    .addColumn('detail', 'text')
    .addColumn('at', big, (c) => c.notNull())
    .execute();
  await schema.createIndex('audit_of').on('audit').columns(['community_id', 'at']).execute();
  await schema
    .createTable('instance')
    .addColumn('key', 'text', (c) => c.primaryKey())
    .addColumn('value', 'text', (c) => c.notNull())
    .execute();
}
