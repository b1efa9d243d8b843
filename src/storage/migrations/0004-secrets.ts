import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What people and communities entrusted, sealed: only the vault opens it. */
export function secrets(dialect: 'sqlite' | 'postgres'): Migration {
  const big = dialect === 'postgres' ? sql`bigint` : sql`integer`;
  return {
    async up(db: Kysely<never>) {
      await db.schema
        .createTable('secrets')
        .addColumn('owner', 'text', (c) => c.notNull())
        .addColumn('purpose', 'text', (c) => c.notNull())
        .addColumn('sealed', 'text', (c) => c.notNull())
        .addColumn('key_id', 'text', (c) => c.notNull())
        .addColumn('set_at', big, (c) => c.notNull())
        .addColumn('last_used_at', big)
        .addColumn('last_used_by', 'text')
        .addPrimaryKeyConstraint('secrets_pk', ['owner', 'purpose'])
        .execute();
      await db.schema
        .createIndex('secrets_by_key')
        .on('secrets')
        .column('key_id' as never)
        .execute();
    },
  };
}
