import { bareField, CsvReader, type CsvRecord } from './csv.ts';
import { AppError, badRequest } from './errors.ts';
import { LIMITS } from './limits.ts';
import { readAddress } from './mail.ts';
import { entryKey, type ListEntry } from './verification.ts';

/** What is wrong with a row. `line`: of the file; in JSON and of a query which one it is, from 1. `field` is null for the row as a whole. */
export interface BadRow {
  line: number;
  field: string | null;
  why: string;
}

/** A row of a list that is to be taken in. */
export type ReadRow = { line: number; key: string; entry: ListEntry } | { line: number; wrong: BadRow };

export type ListForm = 'csv' | 'json';

/** Bytes as they come. */
export type Pieces = AsyncIterable<Uint8Array>;

/**
 * Reads a list row by row, and says in words what is wrong with which. Throws 400 and 413 for what is no list at all. Of rows
 * with the same user id the first one counts.
 */
export function readList(pieces: Pieces, form: ListForm): AsyncGenerator<ReadRow> {
  return onlyOnce(form === 'csv' ? csvRows(bounded(pieces, LIMITS.listBytes)) : jsonRows(pieces));
}

/** The same for rows that are there: of a database. */
export function readRows(rows: AsyncIterable<Record<string, unknown>>): AsyncGenerator<ReadRow> {
  return onlyOnce(numbered(rows));
}

/** One row, as a program sends it. Throws 400. */
export function readOne(given: Record<string, unknown>): ListEntry {
  const row = readRow(1, given);
  if ('wrong' in row) throw badRequest('bad-entry', `${row.wrong.field ?? 'The entry'}: ${row.wrong.why}`);
  return row.entry;
}

async function* onlyOnce(rows: AsyncIterable<ReadRow>): AsyncGenerator<ReadRow> {
  const lines = new Map<string, number>();
  let count = 0;
  for await (const row of rows) {
    if (++count > LIMITS.listRows) throw tooLong(`It has more than ${LIMITS.listRows} rows.`);
    const first = 'key' in row ? lines.get(row.key) : undefined;
    if ('key' in row && first === undefined) lines.set(row.key, row.line);
    yield first === undefined ? row : bad(row.line, 'user_id', `It is the same as in row ${first}.`);
  }
}

async function* csvRows(pieces: Pieces): AsyncGenerator<ReadRow> {
  let columns: string[] | undefined;
  for await (const record of records(pieces)) {
    if (columns) yield fromRecord(columns, record);
    else yield* unknownColumns((columns = columnsOf(record)), record.line);
  }
  if (!columns) throw noList('It is empty.');
}

async function* records(pieces: Pieces): AsyncGenerator<CsvRecord> {
  const reader = new CsvReader();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const text = (piece?: Uint8Array): string => {
    try {
      return piece ? decoder.decode(piece, { stream: true }) : decoder.decode();
    } catch {
      throw noList('It is not text in UTF-8. Save it as “CSV UTF-8”.');
    }
  };
  for await (const piece of pieces) yield* reader.push(text(piece));
  yield* reader.push(text());
  yield* reader.end();
}

const FIELDS: ReadonlySet<string> = new Set(['user_id', 'email', 'name', 'until']);
/** A column of our own export that says how somebody stands. */
const OUR_OWN = 'state';
const NEEDED = ['user_id', 'email', 'name'];

function columnsOf({ fields, wrong }: CsvRecord): string[] {
  if (wrong !== undefined) throw noList(`Its first line: ${wrong}`);
  const columns = fields.map(columnName);
  const missing = NEEDED.find((name) => !columns.includes(name));
  if (missing)
    throw noList(`Its first line names no column ${missing}. It needs user_id, email and name; until may be there.`);
  const twice = columns.find((name, n) => FIELDS.has(name) && columns.indexOf(name) !== n);
  if (twice) throw noList(`Its first line names the column ${twice} twice.`);
  return columns;
}

function columnName(text: string): string {
  const name = text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_');
  return name === 'e_mail' ? 'email' : name;
}

function unknownColumns(columns: string[], line: number): ReadRow[] {
  const unknown = [...new Set(columns)].filter((name) => !FIELDS.has(name) && name !== OUR_OWN);
  return unknown.map((name) => bad(line, shown(name), 'No such column is known: it is left out.'));
}

function fromRecord(columns: string[], { line, fields, wrong }: CsvRecord): ReadRow {
  if (wrong !== undefined) return bad(line, null, wrong);
  if (fields.length !== columns.length)
    return bad(line, null, `It has ${fields.length} fields, and the first line has ${columns.length}.`);
  const known = columns.flatMap((name, n) => (FIELDS.has(name) ? [[name, bareField(fields[n] ?? '')]] : []));
  return readRow(line, Object.fromEntries(known) as Record<string, unknown>);
}

async function* jsonRows(pieces: Pieces): AsyncGenerator<ReadRow> {
  let text = '';
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const piece of bounded(pieces, LIMITS.listJsonBytes)) text += decoder.decode(piece, { stream: true });
    text += decoder.decode();
  } catch (error) {
    throw error instanceof AppError ? error : noList('It is not JSON in UTF-8.');
  }
  const rows = parsed(text);
  if (!Array.isArray(rows)) throw noList('It is not a JSON array of objects.');
  for (const [n, row] of rows.entries()) yield fromObject(n + 1, row);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw noList('It is not JSON in UTF-8.');
  }
}

function fromObject(line: number, row: unknown): ReadRow {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return bad(line, null, 'It is not an object.');
  const unknown = Object.keys(row).find((name) => !FIELDS.has(name));
  if (unknown !== undefined) return bad(line, shown(unknown), 'No such field is known.');
  return readRow(line, row as Record<string, unknown>);
}

async function* numbered(rows: AsyncIterable<Record<string, unknown>>): AsyncGenerator<ReadRow> {
  let line = 0;
  for await (const row of rows) yield readRow(++line, row);
}

function readRow(line: number, { user_id, email, name, until }: Record<string, unknown>): ReadRow {
  const wrong = (field: string, why: string): ReadRow => bad(line, field, why);
  for (const [field, value] of Object.entries({ user_id, email, name }))
    if (typeof value !== 'string')
      return wrong(field, value === undefined || value === null ? EMPTY : 'It is not text.');
  const id = oneLine(user_id as string, LIMITS.listUserId);
  if ('why' in id) return wrong('user_id', id.why);
  const address = readAddress(email as string);
  if (address === undefined)
    return wrong('email', (email as string).trim() === '' ? EMPTY : `“${shown(email as string)}” is no address.`);
  const called = oneLine(name as string, LIMITS.listName);
  if ('why' in called) return wrong('name', called.why);
  const end = readUntil(until);
  if (end === undefined)
    return wrong('until', `“${shown(String(until))}” is no date such as 2027-01-31 or 2027-01-31T18:00:00Z.`);
  const entry = { userId: id.text, email: address, name: called.text, until: end };
  return { line, key: entryKey(id.text), entry };
}

const EMPTY = 'It is empty.';

/** Text in one line, composed and without the blanks around it. */
function oneLine(given: string, most: number): { text: string } | { why: string } {
  const text = given.trim().normalize('NFC');
  if (text === '') return { why: EMPTY };
  if (text.length > most) return { why: `It is longer than ${most} characters.` };
  return /[\p{Cc}\p{Cs}\u2028\u2029]/u.test(text)
    ? { why: 'It holds signs that are no text, or a line break.' }
    : { text };
}

const DAY_MS = 86_400_000;

/** ms since 1970; a day alone holds until it is over in UTC. Null for no end, undefined for what is no time. */
function readUntil(given: unknown): number | null | undefined {
  if (given === undefined || given === null) return null;
  if (given instanceof Date) return Number.isNaN(given.getTime()) ? undefined : given.getTime();
  if (typeof given !== 'string') return undefined;
  const text = given.trim();
  if (text === '') return null;
  const [, day, time] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)))?$/i.exec(text) ?? [];
  const start = day === undefined ? NaN : Date.parse(day);
  // Some calendars have no such day, and Date would take the next one.
  if (Number.isNaN(start) || new Date(start).toISOString().slice(0, 10) !== day) return undefined;
  if (time === undefined) return start + DAY_MS;
  const at = Date.parse(`${day}T${time.toUpperCase()}`);
  return Number.isNaN(at) ? undefined : at;
}

function bad(line: number, field: string | null, why: string): { line: number; wrong: BadRow } {
  return { line, wrong: { line, field, why } };
}

/** What somebody wrote, short enough for a sentence. */
function shown(text: string): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, ' ').trim();
  return plain.length > 40 ? `${[...plain].slice(0, 40).join('')}…` : plain;
}

async function* bounded(pieces: Pieces, most: number): Pieces {
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (bytes > most) throw tooLong(`It has more than ${most / MIB} MiB.`);
    yield piece;
  }
}

const MIB = 1024 * 1024;

function noList(why: string): AppError {
  return badRequest('bad-list', `This is no list of people. ${why}`);
}

function tooLong(why: string): AppError {
  return new AppError({ status: 413, code: 'list-too-long', detail: `This list is too long. ${why}` });
}
