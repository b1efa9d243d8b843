import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Migrator } from 'kysely/migration';
import { migrationsOf } from '#storage/migrate.ts';
import { openSqlite } from '#storage/sqlite.ts';

/** What takes from a hall's tables all that came after the migration `last`, as the program of then left them. */
export async function backTo(last: string): Promise<(db: DatabaseSync) => void> {
  const then = await shapeAt(last);
  return (db) => {
    for (const { type, name } of objectsOf(db)) if (!then.has(name)) db.exec(`drop ${type} if exists "${name}"`);
    for (const [table, { columns }] of then) if (columns) dropColumns(db, table, columns);
    const now = new Set(objectsOf(db).map(({ name }) => name));
    for (const [name, { sql }] of then) if (!now.has(name)) db.exec(sql);
    db.prepare('delete from kysely_migration where name > ?').run(last);
  };
}

function dropColumns(db: DatabaseSync, table: string, columns: string[]): void {
  for (const name of columnsOf(db, table))
    if (!columns.includes(name)) db.exec(`alter table "${table}" drop column "${name}"`);
}

function columnsOf(db: DatabaseSync, table: string): string[] {
  return db
    .prepare(`pragma table_info("${table}")`)
    .all()
    .map(({ name }) => String(name));
}

interface SchemaObject {
  type: string;
  name: string;
  sql: string;
}

/** Triggers and indexes go before the tables that they are on; what a table brings by itself goes with it. */
function objectsOf(db: DatabaseSync): SchemaObject[] {
  const order = "case type when 'trigger' then 0 when 'index' then 1 else 2 end";
  const own = "sql is not null and name not like 'sqlite_%'";
  return db
    .prepare(`select type, name, sql from sqlite_schema where ${own} order by ${order}, sql not like 'create virtual%'`)
    .all() as unknown as SchemaObject[];
}

/** Tables and indexes, those with their columns, as they were after the migration `last`. */
async function shapeAt(last: string): Promise<Map<string, { columns?: string[]; sql: string }>> {
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-older-'));
  const file = join(folder, 'hall.db');
  const storage = openSqlite(file);
  const until = Object.entries(migrationsOf('sqlite')).filter(([name]) => name <= last);
  const provider = { getMigrations: async () => Object.fromEntries(until) };
  const { error } = await storage.maintain((db) => new Migrator({ db, provider }).migrateToLatest());
  await storage.close();
  if (error) throw error;
  const db = new DatabaseSync(file);
  try {
    return new Map(
      objectsOf(db).map(({ type, name, sql }) => [
        name,
        { sql, ...(type === 'table' && { columns: columnsOf(db, name) }) },
      ]),
    );
  } finally {
    db.close();
    rmSync(folder, { recursive: true });
  }
}
