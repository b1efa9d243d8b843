import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { tableShapes } from '#src/cli/table-shapes.ts';
import { openSqlite } from '#storage/sqlite.ts';
import { prepare } from '#test/contracts/fixtures.ts';

/**
 * Makes an SQLite hall on which nobody has worked: at least three rows in every table there is, whatever its columns are,
 * and so many messages. Its ids and words sort in another order by bytes than in a dictionary. Gives the data folder.
 */
export async function fullHall(within: string, messages = 3): Promise<string> {
  const data = join(within, 'data');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const storage = openSqlite(join(data, 'hall.db'));
  await prepare(storage);
  await storage.close();
  const db = new DatabaseSync(join(data, 'hall.db'));
  db.exec('begin');
  for (const { name } of tableShapes(db)) fill(db, name, name === 'messages' ? messages : WORDS.length);
  // The last one was sent and deleted: its number is not given out again.
  db.exec('insert into outbox (n, channel, body, created_at) values (4711, $$, $$, 1)'.replaceAll('$$', "'gone'"));
  db.exec('delete from outbox where n = 4711; commit');
  db.close();
  return data;
}

/** No dictionary has them in this order, which is that of their bytes. */
const WORDS = ['B:1', 'a.b', 'ä_ "{\\}" NULL\n', 'é', '日本', '😀'];

function fill(db: DatabaseSync, table: string, rows: number): void {
  const columns = db.prepare('select name, type, pk from pragma_table_info(?)').all(table) as unknown as Column[];
  const parents = new Map(
    (db.prepare('select "from", "table", "to" from pragma_foreign_key_list(?)').all(table) as unknown as Parent[]).map(
      (parent) => [parent.from, parent],
    ),
  );
  const marks = columns.map(() => '?').join(', ');
  const statement = db.prepare(`insert into "${table}" values (${marks})`);
  for (let row = 0; row < rows; row++) statement.run(...columns.map((column) => valueOf(db, { column, parents, row })));
}

interface Column {
  name: string;
  type: string;
  pk: number;
}

interface Parent {
  from: string;
  table: string;
  to: string;
}

interface Cell {
  column: Column;
  parents: ReadonlyMap<string, Parent>;
  row: number;
}

function valueOf(db: DatabaseSync, { column, parents, row }: Cell): string | number | null {
  const parent = parents.get(column.name);
  if (parent) return one(db, parent, row % WORDS.length);
  if (/int/i.test(column.type)) return row + 1;
  return `${WORDS[row % WORDS.length]} ${column.name} ${row}`;
}

function one(db: DatabaseSync, { table, to }: Parent, row: number): string {
  const statement = db.prepare(`select "${to}" as id from "${table}" order by 1 limit 1 offset ?`);
  return (statement.get(row) as { id: string }).id;
}
