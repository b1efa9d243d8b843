import type { DatabaseSync } from 'node:sqlite';
import { BATCH, sizeOf, type Row, type TableShape, type Tables } from './table-shapes.ts';

/** The tables of an SQLite database. What is read within one transaction is of one moment. */
export function sqliteTables(db: DatabaseSync): Tables {
  return {
    batches: (table) => readBatches(db, table),
    async insert({ name, columns }, rows) {
      const marks = columns.map(() => '?').join(', ');
      const statement = db.prepare(`insert into ${quoted(name)} (${list(columns)}) values (${marks})`);
      for (const row of rows) statement.run(...row);
    },
    async count(table) {
      const { sql, values } = where(table);
      const row = db.prepare(`select count(*) as rows from ${quoted(table.name)}${sql}`).get(...values);
      return (row as { rows: number }).rows;
    },
    async lastNumber({ name }) {
      const row = db.prepare('select seq from sqlite_sequence where name = ?').get(name);
      return (row as { seq: number } | undefined)?.seq ?? 0;
    },
    async setLastNumber({ name }, last) {
      db.prepare('delete from sqlite_sequence where name = ?').run(name);
      db.prepare('insert into sqlite_sequence (name, seq) values (?, ?)').run(name, last);
    },
  };
}

async function* readBatches(db: DatabaseSync, table: TableShape): AsyncGenerator<Row[]> {
  const { sql, values } = where(table);
  const { name, columns, key } = table;
  const statement = db.prepare(`select ${list(columns)} from ${quoted(name)}${sql} order by ${list(key)}`);
  statement.setReturnArrays(true);
  let batch: Row[] = [];
  let size = 0;
  for (const row of statement.iterate(...values) as Iterable<unknown> as Iterable<Row>) {
    batch.push(row);
    size += sizeOf(row);
    if (batch.length < BATCH.rows && size < BATCH.characters) continue;
    yield batch;
    [batch, size] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

function where({ without }: TableShape): { sql: string; values: string[] } {
  return without ? { sql: ` where ${quoted(without.column)} <> ?`, values: [without.value] } : { sql: '', values: [] };
}

function list(columns: string[]): string {
  return columns.map(quoted).join(', ');
}

/** Names come from the catalogue. */
function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
