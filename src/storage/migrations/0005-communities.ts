import { sql, type ColumnDefinitionBuilder, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { search } from './0005-search.ts';

/** Many communities, people known on several platforms, order in the house, and a fuller audit. */
export function communities(dialect: 'sqlite' | 'postgres'): Migration {
  const big = dialect === 'postgres' ? sql`bigint` : sql`integer`;
  return {
    async up(db: Kysely<never>) {
      await people(db, big);
      await waysIn(db, big);
      await places(db, big);
      await order(db, big);
      await audit(db, dialect);
      await search(db, dialect);
      await figures(db, big);
    },
  };
}

type Big = ReturnType<typeof sql>;
type Column = (c: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;

const needed: Column = (c) => c.notNull();
const key: Column = (c) => c.primaryKey();
/** Goes with the row that it belongs to. */
const of =
  (table: string): Column =>
  (c) =>
    c.notNull().references(`${table}.id`).onDelete('cascade');

// Names that stand in no query of the program before: it runs beside this schema for a while, and joins without qualifying.
async function people(db: Kysely<never>, big: Big): Promise<void> {
  const { schema } = db;
  await schema.alterTable('accounts').addColumn('email', 'text').execute();
  await schema.alterTable('accounts').addColumn('email_verified_at', big).execute();
  await schema.alterTable('accounts').addColumn('erased_at', big).execute();
  await index(db, 'accounts_by_email', 'accounts', ['email']);
  await schema
    .createTable('identities')
    .addColumn('platform', 'text', needed)
    .addColumn('platform_id', 'text', needed)
    .addColumn('account_id', 'text', of('accounts'))
    .addColumn('name', 'text', needed)
    .addColumn('proof', 'text', needed)
    .addColumn('linked_at', big, needed)
    .addPrimaryKeyConstraint('identities_pk', ['platform', 'platform_id'] as never[])
    .execute();
  await index(db, 'identities_of', 'identities', ['account_id']);
  await schema
    .createTable('tokens')
    .addColumn('id', 'text', key)
    .addColumn('account_id', 'text', of('accounts'))
    .addColumn('name', 'text', needed)
    .addColumn('token_hash', 'text', (c) => c.notNull().unique())
    .addColumn('scopes', 'text', needed)
    .addColumn('created_at', big, needed)
    .addColumn('expires_at', big)
    .addColumn('last_used_at', big)
    .execute();
  await index(db, 'tokens_of', 'tokens', ['account_id']);
  await schema
    .createTable('second_factors')
    .addColumn('account_id', 'text', (c) => c.primaryKey().references('accounts.id').onDelete('cascade'))
    .addColumn('confirmed_at', big)
    .addColumn('last_step', big, (c) => c.notNull().defaultTo(0))
    .addColumn('created_at', big, needed)
    .execute();
  await schema
    .createTable('recovery_codes')
    .addColumn('account_id', 'text', of('accounts'))
    .addColumn('code_hash', 'text', needed)
    .addColumn('used_at', big)
    .addPrimaryKeyConstraint('recovery_codes_pk', ['account_id', 'code_hash'] as never[])
    .execute();
}

async function waysIn(db: Kysely<never>, big: Big): Promise<void> {
  const { schema } = db;
  await schema
    .createTable('one_time_codes')
    .addColumn('code_hash', 'text', key)
    .addColumn('purpose', 'text', needed)
    .addColumn('account_id', 'text', (c) => c.references('accounts.id').onDelete('cascade'))
    .addColumn('community_id', 'text', (c) => c.references('communities.id').onDelete('cascade'))
    .addColumn('platform', 'text')
    .addColumn('platform_id', 'text')
    .addColumn('name', 'text')
    .addColumn('expires_at', big, needed)
    .addColumn('used_at', big)
    .addColumn('created_at', big, needed)
    .execute();
  await index(db, 'one_time_codes_of', 'one_time_codes', ['account_id']);
  await index(db, 'one_time_codes_ending', 'one_time_codes', ['expires_at']);
  await schema
    .createTable('device_logins')
    .addColumn('device_hash', 'text', key)
    .addColumn('user_code_hash', 'text', (c) => c.notNull().unique())
    .addColumn('client', 'text', needed)
    .addColumn('scopes', 'text', needed)
    .addColumn('account_id', 'text', (c) => c.references('accounts.id').onDelete('cascade'))
    .addColumn('state', 'text', needed)
    .addColumn('days', 'integer')
    .addColumn('polled_at', big)
    .addColumn('expires_at', big, needed)
    .addColumn('created_at', big, needed)
    .execute();
  await index(db, 'device_logins_ending', 'device_logins', ['expires_at']);
  await schema.createTable('used_once').addColumn('id', 'text', key).addColumn('expires_at', big, needed).execute();
  await index(db, 'used_once_ending', 'used_once', ['expires_at']);
}

async function places(db: Kysely<never>, big: Big): Promise<void> {
  const { schema } = db;
  await schema.alterTable('communities').addColumn('settings', 'text').execute();
  await schema.alterTable('communities').addColumn('made_by', 'text').execute();
  await schema.alterTable('communities').addColumn('ended_at', big).execute();
  await schema.alterTable('spaces').addColumn('connected_by', 'text').execute();
  await schema.alterTable('spaces').addColumn('connected_at', big).execute();
  await schema.alterTable('spaces').addColumn('app_id', 'text').execute();
  await schema.alterTable('spaces').addColumn('gone_at', big).execute();
  await schema.alterTable('spaces').addColumn('platform_roles', 'text').execute();
  // What was there before the question came up stays what it was: the roles of its people count.
  await sql`update spaces set connected_at = seen_at`.execute(db);
  await schema
    .createTable('feature_settings')
    .addColumn('community_id', 'text', of('communities'))
    .addColumn('feature', 'text', needed)
    .addColumn('chosen', 'text', needed)
    .addColumn('version', 'integer', needed)
    .addPrimaryKeyConstraint('feature_settings_pk', ['community_id', 'feature'] as never[])
    .execute();
  await schema
    .createTable('role_mappings')
    .addColumn('community_id', 'text', of('communities'))
    .addColumn('platform', 'text', needed)
    .addColumn('platform_role', 'text', needed)
    .addColumn('role', 'text', needed)
    .addPrimaryKeyConstraint('role_mappings_pk', ['community_id', 'platform', 'platform_role'] as never[])
    .execute();
  await schema
    .createTable('platform_apps')
    .addColumn('id', 'text', key)
    .addColumn('community_id', 'text', of('communities'))
    .addColumn('platform', 'text', needed)
    .addColumn('platform_id', 'text', needed)
    .addColumn('name', 'text', needed)
    .addColumn('state', 'text', needed)
    .addColumn('why', 'text')
    .addColumn('created_by', 'text')
    .addColumn('created_at', big, needed)
    .addUniqueConstraint('platform_apps_once', ['platform', 'platform_id'] as never[])
    .execute();
}

async function order(db: Kysely<never>, big: Big): Promise<void> {
  const { schema } = db;
  await schema
    .alterTable('rooms')
    .addColumn('slow_seconds', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
  await schema
    .alterTable('communities')
    .addColumn('order_seq', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
  await schema
    .createTable('sanctions')
    .addColumn('id', 'text', key)
    .addColumn('community_id', 'text', of('communities'))
    .addColumn('account_id', 'text', (c) => c.references('accounts.id').onDelete('cascade'))
    .addColumn('platform', 'text')
    .addColumn('platform_id', 'text')
    .addColumn('name', 'text', needed)
    .addColumn('kind', 'text', needed)
    .addColumn('reason', 'text', needed)
    .addColumn('made_by', 'text')
    .addColumn('made_at', big, needed)
    .addColumn('until', big)
    .addColumn('lifted_at', big)
    .addColumn('lifted_by', 'text')
    .addColumn('part_of', 'text')
    .addColumn('was', 'text')
    .execute();
  await index(db, 'sanctions_of', 'sanctions', ['community_id', 'made_at']);
  await index(db, 'sanctions_on', 'sanctions', ['account_id', 'community_id']);
  await index(db, 'sanctions_there', 'sanctions', ['platform', 'platform_id']);
  await schema
    .createTable('reports')
    .addColumn('id', 'text', key)
    .addColumn('community_id', 'text', of('communities'))
    .addColumn('room_id', 'text', needed)
    .addColumn('message_id', 'text', needed)
    .addColumn('author_id', 'text')
    .addColumn('text', 'text', needed)
    .addColumn('reason', 'text', needed)
    .addColumn('made_by', 'text', needed)
    .addColumn('made_at', big, needed)
    .addColumn('settled_at', big)
    .addColumn('settled_by', 'text')
    .addColumn('outcome', 'text')
    .addColumn('platform', 'text')
    .addColumn('space', 'text')
    .addColumn('place', 'text')
    .addColumn('person', 'text')
    .addColumn('person_name', 'text')
    .addColumn('by_called', 'text')
    .addColumn('said', 'integer', (c) => c.notNull().defaultTo(1))
    .execute();
  await index(db, 'reports_of', 'reports', ['community_id', 'made_at']);
  await words(db, big);
}

async function words(db: Kysely<never>, big: Big): Promise<void> {
  const { schema } = db;
  await schema
    .createTable('word_rules')
    .addColumn('id', 'text', key)
    .addColumn('community_id', 'text', of('communities'))
    .addColumn('words', 'text', needed)
    .addColumn('act', 'text', needed)
    .addColumn('made_by', 'text')
    .addColumn('made_at', big, needed)
    .execute();
  await index(db, 'word_rules_of', 'word_rules', ['community_id']);
  await schema
    .createTable('held_messages')
    .addColumn('id', 'text', key)
    .addColumn('community_id', 'text', of('communities'))
    .addColumn('room_id', 'text', of('rooms'))
    .addColumn('author_id', 'text', of('accounts'))
    .addColumn('text', 'text', needed)
    .addColumn('client_id', 'text')
    .addColumn('why', 'text', needed)
    .addColumn('state', 'text', (c) => c.notNull().defaultTo('waiting'))
    .addColumn('at', big, needed)
    .execute();
  await index(db, 'held_messages_of', 'held_messages', ['community_id', 'at']);
  // For messages that are deleted: the key of the table begins with who was mentioned.
  await index(db, 'mentions_in', 'mentions', ['room_id', 'seq']);
  await schema
    .createTable('incoming_webhooks')
    .addColumn('id', 'text', key)
    .addColumn('community_id', 'text', of('communities'))
    .addColumn('room_id', 'text', of('rooms'))
    .addColumn('name', 'text', needed)
    .addColumn('secret_hash', 'text', (c) => c.notNull().unique())
    .addColumn('made_by', 'text')
    .addColumn('made_at', big, needed)
    .addColumn('last_used_at', big)
    .execute();
  await index(db, 'incoming_webhooks_of', 'incoming_webhooks', ['community_id']);
}

/** Each page of the audit is read along one of these, newest first, whichever of them is asked for. */
async function audit(db: Kysely<never>, dialect: 'sqlite' | 'postgres'): Promise<void> {
  const { schema } = db;
  for (const column of ['platform', 'platform_id', 'place', 'result'])
    await schema.alterTable('audit').addColumn(column, 'text').execute();
  await schema.dropIndex('audit_of').execute();
  await index(db, 'audit_pages', 'audit', ['community_id', 'at', 'id']);
  await index(db, 'audit_by', 'audit', ['account_id', 'community_id', 'at', 'id']);
  await index(db, 'audit_what', 'audit', ['community_id', 'action', 'at', 'id']);
  await index(db, 'audit_about', 'audit', ['community_id', 'subject', 'at', 'id']);
  // For what is old alone. One that PostgreSQL could read in order would tempt it away from a community's own.
  const when = schema
    .createIndex('audit_when')
    .on('audit')
    .column('at' as never);
  await (dialect === 'postgres' ? when.using('brin') : when).execute();
  // The moderation log is few entries among many, so it has an index of its own: see storage/moderation-log.ts.
  await schema
    .createIndex('audit_moderation')
    .on('audit')
    .columns(['community_id', 'id'])
    .where(sql<boolean>`substr(action, 1, 11) = 'moderation.'`)
    .execute();
  // So is what was changed among the commands that were used: see storage/audit-pages.ts.
  await schema
    .createIndex('audit_changes')
    .on('audit')
    .columns(['community_id', 'at', 'id'])
    .where(sql<boolean>`(substr(action, 1, 8) <> 'command.' or action = 'command.settings')`)
    .execute();
}

async function figures(db: Kysely<never>, big: Big): Promise<void> {
  const { schema } = db;
  await schema
    .createTable('activity')
    .addColumn('community_id', 'text', of('communities'))
    .addColumn('hour', big, needed)
    .addColumn('posts', 'integer', needed)
    .addPrimaryKeyConstraint('activity_pk', ['community_id', 'hour'] as never[])
    .execute();
  await schema
    .createTable('waiting_jobs')
    .addColumn('community_id', 'text', of('communities'))
    .addColumn('minute', big, needed)
    .addColumn('jobs', 'integer', needed)
    .addPrimaryKeyConstraint('waiting_jobs_pk', ['community_id', 'minute'] as never[])
    .execute();
  await schema
    .createTable('minute_figures')
    .addColumn('of_what', 'text', needed)
    .addColumn('name', 'text', needed)
    .addColumn('minute', big, needed)
    .addColumn('figure', big, needed)
    .addPrimaryKeyConstraint('minute_figures_pk', ['minute', 'of_what', 'name'] as never[])
    .execute();
}

async function index(db: Kysely<never>, name: string, table: string, columns: string[]): Promise<void> {
  await db.schema
    .createIndex(name)
    .on(table)
    .columns(columns as never[])
    .execute();
}
