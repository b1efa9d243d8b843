import type { Compilable, CompiledQuery, Kysely } from 'kysely';
import { directOf } from './direct.ts';
import type { Schema } from './schema.ts';

type Value = string | number | null;

/** A query that is built once for each dialect and then only filled in with its values, in the order of `build`'s. */
export type HotQuery<Values extends readonly Value[], Row> = (db: Kysely<Schema>, ...values: Values) => Promise<Row[]>;

interface Prepared {
  query: CompiledQuery;
  /** For each parameter of the statement the value that goes there; -1 where it is a constant. */
  from: number[];
}

/** For the paths that every message takes: building and compiling a query costs more than SQLite's answer. */
export function hot<Values extends readonly Value[], Row>(
  count: Values['length'],
  build: (db: Kysely<Schema>, values: Values) => Compilable,
): HotQuery<Values, Row> {
  const prepared = new Map<string, Prepared>();
  const standIns = Array.from({ length: count }, (_, index) => `stand-in ${index}`);
  return async (db, ...values) => {
    const dialect = db.getExecutor().adapter.constructor.name;
    let ready = prepared.get(dialect);
    if (!ready) prepared.set(dialect, (ready = prepare(build(db, standIns as unknown as Values).compile(), standIns)));
    const { query, from } = ready;
    const parameters = from.map((index, place) => (index < 0 ? query.parameters[place] : values[index]));
    const direct = directOf(db);
    if (direct) return direct(query.sql, parameters) as Row[];
    return (await db.executeQuery({ ...query, parameters })).rows as Row[];
  };
}

function prepare(query: CompiledQuery, standIns: string[]): Prepared {
  return { query, from: query.parameters.map((value) => standIns.indexOf(value as string)) };
}
