import { sql, type ColumnDefinitionBuilder, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Lists of people, who proved to be whom on them, and mails that wait for their server. */
export function verification(dialect: 'sqlite' | 'postgres'): Migration {
  const big = dialect === 'postgres' ? sql`bigint` : sql`integer`;
  return {
    async up(db: Kysely<never>) {
      await settings(db, big);
      await lists(db, big);
      await proofs(db, big);
      await mails(db, big);
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

async function settings({ schema }: Kysely<never>, big: Big): Promise<void> {
  await schema
    .createTable('verify_settings')
    .addColumn('community_id', 'text', (c) => of('communities')(c).primaryKey())
    .addColumn('on_at', big)
    .addColumn('mode', 'text', needed)
    .addColumn('neutral', 'integer', needed)
    .addColumn('nickname', 'text')
    .addColumn('link_minutes', 'integer', needed)
    .addColumn('second', 'text', needed)
    .addColumn('oidc', 'text')
    .addColumn('welcome', 'text', needed)
    .addColumn('roles', 'text', needed)
    .addColumn('changed_by', 'text')
    .addColumn('changed_at', big, needed)
    .addColumn('version', 'integer', needed)
    .execute();
}

async function lists(db: Kysely<never>, big: Big): Promise<void> {
  const { schema } = db;
  await schema
    .createTable('lists')
    .addColumn('community_id', 'text', (c) => of('communities')(c).primaryKey())
    .addColumn('generation', 'integer', needed)
    .addColumn('newest', 'integer', needed)
    .addColumn('version', 'integer', needed)
    .addColumn('untidy', 'integer', needed)
    .execute();
  await schema
    .createTable('list_rows')
    .addColumn('community_id', 'text', of('communities'))
    .addColumn('key', 'text', needed)
    .addColumn('generation', 'integer', needed)
    .addColumn('user_id', 'text', needed)
    .addColumn('email', 'text', needed)
    .addColumn('name', 'text', needed)
    .addColumn('until', big)
    .addColumn('source', 'text', needed)
    .addColumn('changed_at', big, needed)
    .addPrimaryKeyConstraint('list_rows_pk', ['community_id', 'key', 'generation'] as never[])
    .execute();
  await index(db, 'list_rows_of', 'list_rows', ['community_id', 'generation', 'key']);
  await index(db, 'list_rows_by_email', 'list_rows', ['community_id', 'email']);
  await index(db, 'list_rows_ending', 'list_rows', ['until']);
  await sql`create view list_people as
    select community_id, key, user_id, email, name, until, source, changed_at from list_rows
    where generation = (select generation from lists where lists.community_id = list_rows.community_id)`.execute(db);
  await imports(db, big);
}

/** What waits for a yes, and what came of it; databases that are asked for a list; who was written to. */
async function imports(db: Kysely<never>, big: Big): Promise<void> {
  const { schema } = db;
  await schema
    .createTable('list_imports')
    .addColumn('id', 'text', key)
    .addColumn('community_id', 'text', of('communities'))
    .addColumn('state', 'text', needed)
    .addColumn('source', 'text', needed)
    .addColumn('source_name', 'text')
    .addColumn('missing', 'text', needed)
    .addColumn('list_version', 'integer', needed)
    .addColumn('generation', 'integer')
    .addColumn('counts', 'text', needed)
    .addColumn('report', 'text', needed)
    .addColumn('made_by', 'text')
    .addColumn('made_at', big, needed)
    .addColumn('state_at', big, needed)
    .execute();
  await index(db, 'list_imports_of', 'list_imports', ['community_id', 'id']);
  await schema
    .createTable('list_import_rows')
    .addColumn('import_id', 'text', of('list_imports'))
    .addColumn('key', 'text', needed)
    .addColumn('change', 'text', needed)
    .addColumn('user_id', 'text', needed)
    .addColumn('email', 'text', needed)
    .addColumn('name', 'text', needed)
    .addColumn('until', big)
    .addPrimaryKeyConstraint('list_import_rows_pk', ['import_id', 'key'] as never[])
    .execute();
  await index(db, 'list_import_rows_by_change', 'list_import_rows', ['import_id', 'change', 'key']);
  await schema
    .createTable('list_sources')
    .addColumn('community_id', 'text', (c) => of('communities')(c).primaryKey())
    .addColumn('name', 'text', needed)
    .addColumn('chosen_by', 'text')
    .addColumn('chosen_at', big, needed)
    .addColumn('agreed_at', big)
    .addColumn('asked_at', big)
    .addColumn('next_at', big, needed)
    .addColumn('result', 'text')
    .execute();
  await schema
    .createTable('list_reached')
    .addColumn('community_id', 'text', of('communities'))
    .addColumn('key', 'text', needed)
    .addColumn('at', big, needed)
    .addPrimaryKeyConstraint('list_reached_pk', ['community_id', 'key'] as never[])
    .execute();
  await schema
    .createTable('mail_doors')
    .addColumn('hash', 'text', key)
    .addColumn('community_id', 'text', of('communities'))
    .addColumn('email_hash', 'text', needed)
    .addColumn('at', big, needed)
    .execute();
}

async function proofs(db: Kysely<never>, big: Big): Promise<void> {
  const { schema } = db;
  await schema
    .createTable('verify_requests')
    .addColumn('id', 'text', key)
    .addColumn('community_id', 'text', of('communities'))
    .addColumn('key', 'text', needed)
    .addColumn('subject', 'text', needed)
    .addColumn('platform', 'text', needed)
    .addColumn('platform_id', 'text', needed)
    .addColumn('name', 'text', needed)
    .addColumn('space', 'text')
    .addColumn('room', 'text')
    .addColumn('state', 'text', needed)
    .addColumn('link_hash', 'text', (c) => c.unique())
    .addColumn('code_hash', 'text')
    .addColumn('code_tries', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('created_at', big, needed)
    .addColumn('expires_at', big, needed)
    .addColumn('ended_at', big)
    .execute();
  await once(db, 'verify_requests_once', 'verify_requests', {
    columns: ['community_id', 'key', 'subject'],
    where: sql`state in ('mailing', 'live')`,
  });
  await index(db, 'verify_requests_of', 'verify_requests', ['community_id', 'id']);
  await index(db, 'verify_requests_by', 'verify_requests', ['subject', 'community_id']);
  await index(db, 'verify_requests_ending', 'verify_requests', ['expires_at']);
  await schema
    .createTable('verifications')
    .addColumn('id', 'text', key)
    .addColumn('community_id', 'text', of('communities'))
    .addColumn('key', 'text', needed)
    .addColumn('subject', 'text', needed)
    .addColumn('name', 'text', needed)
    .addColumn('how', 'text', needed)
    .addColumn('verified_at', big, needed)
    .addColumn('ended_at', big)
    .addColumn('why', 'text')
    .addColumn('ended_by', 'text')
    .execute();
  const inForce = sql`ended_at is null`;
  await once(db, 'verifications_of_entry', 'verifications', { columns: ['community_id', 'key'], where: inForce });
  await once(db, 'verifications_of_subject', 'verifications', { columns: ['subject', 'community_id'], where: inForce });
  await index(db, 'verifications_past', 'verifications', ['community_id', 'key', 'subject']);
  await index(db, 'verifications_by', 'verifications', ['subject']);
  await schema
    .createTable('verify_bars')
    .addColumn('community_id', 'text', of('communities'))
    .addColumn('subject', 'text', needed)
    .addColumn('name', 'text', needed)
    .addColumn('barred_at', big, needed)
    .addColumn('lifted_at', big)
    .addColumn('lifted_by', 'text')
    .addPrimaryKeyConstraint('verify_bars_pk', ['community_id', 'subject'] as never[])
    .execute();
  await schema
    .createTable('behind_gate')
    .addColumn('community_id', 'text', of('communities'))
    .addColumn('account_id', 'text', of('accounts'))
    .addPrimaryKeyConstraint('behind_gate_pk', ['community_id', 'account_id'] as never[])
    .execute();
  await schema
    .createTable('verify_told')
    .addColumn('community_id', 'text', of('communities'))
    .addColumn('person', 'text', needed)
    .addColumn('at', big, needed)
    .addPrimaryKeyConstraint('verify_told_pk', ['community_id', 'person'] as never[])
    .execute();
}

async function mails(db: Kysely<never>, big: Big): Promise<void> {
  const { schema } = db;
  await schema
    .createTable('mail_refused')
    .addColumn('community_id', 'text', of('communities'))
    .addColumn('email_hash', 'text', needed)
    .addColumn('at', big, needed)
    .addPrimaryKeyConstraint('mail_refused_pk', ['community_id', 'email_hash'] as never[])
    .execute();
  await schema
    .createTable('reach_outs')
    .addColumn('id', 'text', key)
    .addColumn('community_id', 'text', of('communities'))
    .addColumn('state', 'text', needed)
    .addColumn('last_key', 'text', needed)
    .addColumn('sent', 'integer', needed)
    .addColumn('made_by', 'text')
    .addColumn('made_at', big, needed)
    .execute();
  await once(db, 'reach_outs_once', 'reach_outs', { columns: ['community_id'], where: sql`state = 'going'` });
  await schema
    .createTable('mail_outbox')
    .addColumn('id', 'text', key)
    .addColumn('kind', 'text', needed)
    .addColumn('account_id', 'text', (c) => c.references('accounts.id').onDelete('cascade'))
    .addColumn('ref', 'text', needed)
    .addColumn('created_at', big, needed)
    .addColumn('due_at', big, needed)
    .addColumn('tries', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('expires_at', big, needed)
    .addColumn('taken_until', big, (c) => c.notNull().defaultTo(0))
    .execute();
  await index(db, 'mail_outbox_due', 'mail_outbox', ['due_at']);
}

async function index(db: Kysely<never>, name: string, table: string, columns: string[]): Promise<void> {
  await db.schema
    .createIndex(name)
    .on(table)
    .columns(columns as never[])
    .execute();
}

/** Of the rows that hold there is one of a kind. */
async function once(
  { schema }: Kysely<never>,
  name: string,
  table: string,
  { columns, where }: { columns: string[]; where: ReturnType<typeof sql> },
): Promise<void> {
  await schema
    .createIndex(name)
    .unique()
    .on(table)
    .columns(columns as never[])
    .where(where as ReturnType<typeof sql<boolean>>)
    .execute();
}
