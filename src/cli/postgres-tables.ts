import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Schema } from '#storage/schema.ts';
import { BATCH, sizeOf, type Row, type TableShape, type Tables } from './table-shapes.ts';

/** One connection, as `connection().execute` of Kysely gives it. */
export type Connection = Kysely<Schema>;

/**
 * The tables of a PostgreSQL database. `batches` reads by a cursor, so it needs an open transaction. Throws where the
 * database has other columns than the shapes.
 */
export async function postgresTables(db: Connection, shapes: TableShape[]): Promise<Tables> {
  const types = await readTypes(db);
  for (const shape of shapes) refuseOtherColumns(shape, types.get(shape.name));
  return new PostgresTables(db, types);
}

/** Runs `work` in one transaction. `read only` sees one moment, that of its first statement. What throws undoes it. */
export async function inTransaction<T>(
  db: Connection,
  how: 'read only' | 'read write',
  work: () => Promise<T>,
): Promise<T> {
  const begin = how === 'read only' ? 'begin isolation level repeatable read read only' : 'begin';
  await sql.raw(begin).execute(db);
  try {
    const result = await work();
    await sql`commit`.execute(db);
    return result;
  } catch (error) {
    await sql`rollback`.execute(db).catch(() => undefined);
    throw error;
  }
}

/** How each column is declared, such as `text` or `bigint`. */
type Columns = Map<string, string>;

async function readTypes(db: Connection): Promise<Map<string, Columns>> {
  const { rows } = await sql<{ name: string; column: string; type: string }>`
    select c.relname as name, a.attname as column, format_type(a.atttypid, a.atttypmod) as type
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
  `.execute(db);
  const types = new Map<string, Columns>();
  for (const { name, column, type } of rows) {
    const columns = types.get(name) ?? new Map<string, string>();
    types.set(name, columns.set(column, type));
  }
  return types;
}

function refuseOtherColumns({ name, columns }: TableShape, types: Columns | undefined): void {
  const has = [...(types?.keys() ?? [])].toSorted();
  if (has.join() !== columns.toSorted().join())
    throw new Error(`The table ${name} has other columns on PostgreSQL: that is of another version of Guildhall.`);
}

class PostgresTables implements Tables {
  readonly #db: Connection;
  readonly #types: Map<string, Columns>;

  constructor(db: Connection, types: Map<string, Columns>) {
    this.#db = db;
    this.#types = types;
  }

  async *batches(table: TableShape): AsyncGenerator<Row[]> {
    const columns = sql.join(table.columns.map((column) => sql.ref(column)));
    const key = sql.join(table.key.map((column) => this.#byBytes(table, column)));
    await sql`
      declare carried no scroll cursor for
      select ${columns} from ${sql.table(table.name)} ${where(table)} order by ${key}
    `.execute(this.#db);
    try {
      for (let next = FIRST_ROWS; ;) {
        const batch = await this.#fetch(table, next);
        if (batch.length === 0) return;
        yield batch;
        next = rowsFor(batch);
      }
    } finally {
      await sql`close carried`.execute(this.#db).catch(() => undefined);
    }
  }

  /** One statement, a list a column: a round trip and a commit for many rows. */
  async insert(table: TableShape, rows: Row[]): Promise<void> {
    for (const row of rows) refuseUnstorable(table, row);
    const columns = sql.join(table.columns.map((column) => sql.ref(column)));
    const lists = table.columns.map((column, at) => {
      const values = rows.map((row) => row[at] ?? null);
      return sql`${sql.val(values)}::${sql.raw(this.#typeOf(table, column))}[]`;
    });
    await sql`
      insert into ${sql.table(table.name)} (${columns}) select * from unnest(${sql.join(lists)})
    `.execute(this.#db);
  }

  async count(table: TableShape): Promise<number> {
    const { rows } = await sql<{ rows: number }>`
      select count(*) as rows from ${sql.table(table.name)} ${where(table)}
    `.execute(this.#db);
    return rows[0]?.rows ?? 0;
  }

  async lastNumber({ name, counter }: TableShape): Promise<number> {
    const { rows } = await sql<{ last: number }>`
      select coalesce(pg_sequence_last_value(pg_get_serial_sequence(${name}, ${counter})::regclass), 0) as last
    `.execute(this.#db);
    return rows[0]?.last ?? 0;
  }

  async setLastNumber({ name, counter }: TableShape, last: number): Promise<void> {
    await sql`
      select setval(pg_get_serial_sequence(${name}, ${counter}), ${sql.lit(Math.max(last, 1))}, ${sql.lit(last > 0)})
    `.execute(this.#db);
  }

  async #fetch(table: TableShape, most: number): Promise<Row[]> {
    const { rows } = await sql<Record<string, string | number | null>>`
      fetch ${sql.lit(most)} from carried
    `.execute(this.#db);
    return rows.map((row) => table.columns.map((column) => row[column] ?? null));
  }

  /** Text by its bytes, as SQLite does, whatever language the database was made for. */
  #byBytes(table: TableShape, column: string): RawBuilder<unknown> {
    return this.#typeOf(table, column) === 'text' ? sql`${sql.ref(column)} collate "C"` : sql.ref(column);
  }

  #typeOf({ name }: TableShape, column: string): string {
    return this.#types.get(name)?.get(column) ?? 'text';
  }
}

/** Rows asked for before it is known how large they are. */
const FIRST_ROWS = 100;

/** As many as fit into a batch, if the next are as large as the last. */
function rowsFor(batch: Row[]): number {
  const size = batch.reduce((sum, row) => sum + sizeOf(row), 0) / batch.length;
  return Math.max(1, Math.min(BATCH.rows, Math.floor(BATCH.characters / size)));
}

function where({ without }: TableShape): RawBuilder<unknown> {
  return without ? sql`where ${sql.ref(without.column)} <> ${without.value}` : sql``;
}

/** https://www.postgresql.org/docs/current/datatype-character.html: no text holds the character with the code zero. */
function refuseUnstorable({ name, columns, key }: TableShape, row: Row): void {
  const at = row.findIndex((value) => typeof value === 'string' && value.includes('\0'));
  if (at < 0) return;
  const which = key.map((column) => row[columns.indexOf(column)]).join(', ');
  throw new Error(
    `${columns[at]} of the row ${which} in ${name} holds the character U+0000, which PostgreSQL cannot store.`,
  );
}
