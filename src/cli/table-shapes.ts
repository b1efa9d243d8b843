import type { DatabaseSync } from 'node:sqlite';
import { MOVE_FACT } from '#src/unfinished-move.ts';

/** One row, in the order of its table's columns. */
export type Row = (string | number | null)[];

/** A table as both databases have it. */
export interface TableShape {
  name: string;
  columns: string[];
  /** The columns of its primary key. Rows are read in this order, text by its bytes, which is the same everywhere. */
  key: string[];
  /** The column whose numbers the database gives out by itself. */
  counter?: string;
  /** Rows that belong to one database and stay there. */
  without?: { column: string; value: string };
}

/** Tables of one database, read and filled the same way on SQLite and PostgreSQL. */
export interface Tables {
  /** All rows in the order of the key, some at a time, so that a large table never stands in memory. */
  batches(table: TableShape): AsyncIterable<Row[]>;
  insert(table: TableShape, rows: Row[]): Promise<void>;
  count(table: TableShape): Promise<number>;
  /** The last number that was given out, 0 where none was. */
  lastNumber(table: TableShape): Promise<number>;
  setLastNumber(table: TableShape, last: number): Promise<void>;
}

/** Rows and characters that a batch holds at most: a few ms of work, and little memory where rows are large. */
export const BATCH = { rows: 1_000, characters: 1_000_000 };

/**
 * All tables that are carried over, those that others refer to first. From the catalogue of a migrated SQLite database,
 * so that none can be forgotten: it says what SQLite and PostgreSQL have alike, and the key and references of each.
 */
export function tableShapes(db: DatabaseSync): TableShape[] {
  const names = tableNames(db).filter((name) => !isOfTheMoment(name));
  const refers = new Map(names.map((name) => [name, referredBy(db, name)]));
  const ordered: string[] = [];
  const visit = (name: string): void => {
    if (ordered.includes(name)) return;
    for (const parent of refers.get(name) ?? []) if (parent !== name) visit(parent);
    ordered.push(name);
  };
  names.forEach(visit);
  return ordered.map((name) => shapeOf(db, name));
}

/**
 * The names of all tables of ours: not the database's own, not those that remember the migrations, and not the index of
 * words, which each database makes from the messages by itself.
 */
export function tableNames(db: DatabaseSync, schema: 'main' | 'backup' = 'main'): string[] {
  const ours = "type = 'table' and name not like 'sqlite_%' and name not like 'kysely_%'";
  const rows = db.prepare(`select name from pragma_table_list where schema = ? and ${ours} order by name`).all(schema);
  return (rows as { name: string }[]).map(({ name }) => name);
}

/** Who runs just now and does what: of no use to any other moment or database. */
export function isOfTheMoment(table: string): boolean {
  return table === 'leases' || table === 'processes';
}

/** Characters of a row's text: near enough to what it costs to hold. */
export function sizeOf(row: Row): number {
  return row.reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 8), 0);
}

function referredBy(db: DatabaseSync, name: string): string[] {
  const rows = db.prepare('select "table" as parent from pragma_foreign_key_list(?)').all(name);
  return (rows as { parent: string }[]).map(({ parent }) => parent);
}

function shapeOf(db: DatabaseSync, name: string): TableShape {
  const info = db.prepare('select name, pk from pragma_table_info(?) order by cid').all(name);
  const columns = info as { name: string; pk: number }[];
  const key = columns.filter(({ pk }) => pk > 0).toSorted((a, b) => a.pk - b.pk);
  const { sql } = db.prepare('select sql from sqlite_schema where name = ?').get(name) as { sql: string };
  // https://sqlite.org/autoinc.html: only of a key that is one column.
  const counter = /\bautoincrement\b/i.test(sql) ? key[0]?.name : undefined;
  return {
    name,
    columns: columns.map((column) => column.name),
    key: key.map((column) => column.name),
    ...(counter !== undefined && { counter }),
    ...(name === 'instance' && { without: { column: 'key', value: MOVE_FACT } }),
  };
}
