import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Several processes on one database: which of them are there, and which of them does what only one may do. */
export function processes(dialect: 'sqlite' | 'postgres'): Migration {
  const big = dialect === 'postgres' ? sql`bigint` : sql`integer`;
  return {
    async up(db: Kysely<never>) {
      await db.schema
        .createTable('leases')
        .addColumn('name', 'text', (c) => c.primaryKey())
        .addColumn('holder', 'text', (c) => c.notNull())
        .addColumn('until', big, (c) => c.notNull())
        .execute();
      await db.schema
        .createTable('processes')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('role', 'text', (c) => c.notNull())
        .addColumn('version', 'text', (c) => c.notNull())
        .addColumn('health', 'text', (c) => c.notNull())
        .addColumn('started_at', big, (c) => c.notNull())
        .addColumn('seen_at', big, (c) => c.notNull())
        .execute();
      if (dialect === 'postgres') await timesToForgetBy(db);
    },
  };
}

/** Many processes fill these tables, and one sweeps them. On SQLite an index more would cost each message more than the sweep. */
async function timesToForgetBy(db: Kysely<never>): Promise<void> {
  for (const [table, column] of [
    ['inbox', 'at'],
    ['deliveries', 'at'],
    ['answers', 'created_at'],
  ] as const)
    await db.schema
      .createIndex(`${table}_by_time`)
      .on(table)
      .column(column as never)
      .execute();
}
