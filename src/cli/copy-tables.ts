import { createHash } from 'node:crypto';
import { BATCH, sizeOf, type Row, type TableShape, type Tables } from './table-shapes.ts';

/** From where to where. */
export interface Ways {
  shapes: TableShape[];
  from: Tables;
  to: Tables;
}

/** Told how far a table is: rows so far, and whether that was the last of them. */
export type Progress = (table: string, rows: number, done: boolean) => void;

/** What both sides hold. */
export interface Compared {
  rows: number;
  /** SHA-256 over every value of every row of every table, in the order of the keys: hexadecimal. */
  hash: string;
}

/** What stands on the other side is not what is here. */
export class OtherRows extends Error {}

/**
 * Copies every table behind the rows that are there already, which are the first `there` of it. Each batch is a statement,
 * so a kill leaves whole batches.
 */
export async function copyTables(ways: Ways, there: ReadonlyMap<string, number>, told: Progress): Promise<void> {
  for (const shape of ways.shapes) {
    await copyTable(ways, shape, { skip: there.get(shape.name) ?? 0, told });
    if (shape.counter !== undefined) await ways.to.setLastNumber(shape, await ways.from.lastNumber(shape));
  }
}

/** How many rows stand on the other side, where they are the first ones of each table here. Throws `OtherRows`. */
export async function rowsThere(ways: Ways): Promise<Map<string, number>> {
  const there = new Map<string, number>();
  for (const shape of ways.shapes) {
    let rows = 0;
    for await (const [here, other] of pairs(ways, shape)) {
      if (other === undefined) break;
      if (here === undefined || written(here) !== written(other)) throw otherRow(shape, other);
      rows++;
    }
    there.set(shape.name, rows);
  }
  return there;
}

/** Reads every row of every table on both sides, in the order of the keys. Throws `OtherRows` at the first difference. */
export async function compareTables(ways: Ways): Promise<Compared> {
  const hash = createHash('sha256');
  let rows = 0;
  for (const shape of ways.shapes) {
    hash.update(`${shape.name}\n`);
    for await (const [here, there] of pairs(ways, shape)) {
      const row = here ?? there ?? [];
      const line = written(row);
      if (!here || !there || line !== written(there)) throw otherRow(shape, row);
      hash.update(line);
      rows++;
    }
    await refuseOtherNumber(ways, shape);
  }
  return { rows, hash: hash.digest('hex') };
}

async function copyTable({ from, to }: Ways, shape: TableShape, { skip, told }: { skip: number; told: Progress }) {
  let rows = 0;
  let batch: Row[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await to.insert(shape, batch);
    [batch, size] = [[], 0];
    told(shape.name, rows, false);
  };
  for await (const row of rowsOf(from.batches(shape))) {
    if (rows++ < skip) continue;
    batch.push(row);
    size += sizeOf(row);
    if (batch.length >= BATCH.rows || size >= BATCH.characters) await flush();
  }
  await flush();
  told(shape.name, rows, true);
}

/** Rows of both sides, one beside the other, to the end of the longer. */
async function* pairs({ from, to }: Ways, shape: TableShape): AsyncGenerator<[Row | undefined, Row | undefined]> {
  const [here, there] = [rowsOf(from.batches(shape)), rowsOf(to.batches(shape))];
  try {
    for (;;) {
      const [one, other] = [(await here.next()).value, (await there.next()).value];
      if (!one && !other) return;
      yield [one ?? undefined, other ?? undefined];
    }
  } finally {
    await here.return(undefined);
    await there.return(undefined);
  }
}

async function* rowsOf(batches: AsyncIterable<Row[]>): AsyncGenerator<Row, undefined> {
  for await (const batch of batches) yield* batch;
  return undefined;
}

async function refuseOtherNumber({ from, to }: Ways, shape: TableShape): Promise<void> {
  if (shape.counter === undefined) return;
  const [here, there] = [await from.lastNumber(shape), await to.lastNumber(shape)];
  if (here !== there) throw new OtherRows(`${shape.name} goes on from ${there} there and from ${here} here.`);
}

function written(row: Row): string {
  return `${JSON.stringify(row)}\n`;
}

function otherRow({ name, columns, key }: TableShape, row: Row): OtherRows {
  const which = key.map((column) => row[columns.indexOf(column)]).join(', ');
  return new OtherRows(`The row ${which} of ${name} is not the same on both sides.`);
}
