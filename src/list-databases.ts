import pg from 'pg';
import { AppError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { isLoopback } from '#core/loopback.ts';
import { readPostgresAddress } from '#storage/postgres-address.ts';

type Row = Record<string, unknown>;

/** A database that lists of people may come from, as the operator wrote it down. */
export interface ListSourceConfig {
  name: string;
  url: string;
  query: string;
  everyMinutes: number;
  /** Communities that may choose it. */
  communities: string[];
  /** PEM of the authority that signed its certificate. */
  ca?: string;
}

/**
 * What the query of a source gives, some rows at a time, from a transaction that can only read. Numbers come as text, days as
 * `2027-01-31`, times as Date. Throws 502 `source-failed`, which says no more than a community's admin may know.
 */
export async function* rowsOf(source: ListSourceConfig): AsyncGenerator<Row> {
  let first = true;
  try {
    for await (const row of isMysql(source.url) ? fromMysql(source) : fromPostgres(source)) {
      const named = Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), textOf(value)]));
      if (first) needColumns(source, named);
      first = false;
      yield named;
    }
  } catch (error) {
    throw error instanceof AppError ? error : failed(source.name, wordsFor(error as DatabaseError));
  }
}

async function* fromPostgres({ url, query, ca }: ListSourceConfig): AsyncGenerator<Row> {
  const { connectionString, ssl, options = '' } = readPostgresAddress(url, ca);
  const client = new pg.Client({
    connectionString,
    ssl,
    options: `${options} -c default_transaction_read_only=on -c timezone=UTC`,
    application_name: 'guildhall list',
    connectionTimeoutMillis: LIMITS.sourceConnect,
    statement_timeout: LIMITS.sourceAnswer,
    query_timeout: LIMITS.sourceAnswer + 5_000,
    types: { getTypeParser: (oid: number) => (text: string) => postgresValue(oid, text) },
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('begin transaction read only');
    // One statement alone, as the extended protocol takes it.
    await client.query({
      text: `declare list no scroll cursor for ${bare(query)}`,
      queryMode: 'extended',
    } as pg.QueryConfig);
    for (;;) {
      const { rows } = await client.query<Row>(`fetch ${LIMITS.listSlice} from list`);
      yield* rows;
      if (rows.length < LIMITS.listSlice) return;
    }
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Types by the numbers of PostgreSQL's catalogue (pg_type.dat): a time with its zone, and one without, which is read as UTC. */
const TIMESTAMPTZ = 1184;
const TIMESTAMP = 1114;

function postgresValue(oid: number, text: string): unknown {
  if (oid === TIMESTAMPTZ) return new Date(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'));
  return oid === TIMESTAMP ? new Date(`${text.replace(' ', 'T')}Z`) : text;
}

async function* fromMysql({ url, query, ca }: ListSourceConfig): AsyncGenerator<Row> {
  // Most halls have no such source: the driver is loaded for the first one that has.
  const { default: mysql } = await import('mysql2');
  const at = new URL(url);
  const connection = mysql.createConnection({
    host: at.hostname.replace(/^\[|\]$/g, ''),
    port: Number(at.port || 3306),
    user: decodeURIComponent(at.username),
    password: decodeURIComponent(at.password),
    database: decodeURIComponent(at.pathname.slice(1)),
    connectTimeout: LIMITS.sourceConnect,
    timezone: 'Z',
    dateStrings: ['DATE'],
    bigNumberStrings: true,
    supportBigNumbers: true,
    // A server must not ask for files of this machine.
    flags: ['-LOCAL_FILES'],
    ...(leavesThisMachine(url) && {
      ssl: { rejectUnauthorized: true, verifyIdentity: true, minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
    }),
  });
  connection.on('error', () => undefined);
  // The server has its own limit only since MySQL 5.7 and MariaDB 10.1, each by another name.
  const late = setTimeout(() => connection.destroy(), LIMITS.sourceAnswer);
  try {
    await connection.promise().query('start transaction read only');
    // As a part of another query it can be nothing else: what makes or drops tables ends such a transaction, and is done.
    yield* connection
      .query(`select * from (${bare(query)}\n) as list`)
      .stream({ highWaterMark: LIMITS.listSlice }) as AsyncIterable<Row>;
  } finally {
    clearTimeout(late);
    connection.destroy();
  }
}

/** Then it has to be encrypted. */
function leavesThisMachine(url: string): boolean {
  return !isLoopback(new URL(url).hostname);
}

export function isMysql(url: string): boolean {
  return /^(mysql|mariadb):/.test(url);
}

function bare(query: string): string {
  return query.trim().replace(/;$/, '');
}

function textOf(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
}

function needColumns({ name }: ListSourceConfig, row: Row): void {
  const missing = ['user_id', 'email', 'name'].find((column) => !(column in row));
  if (missing) throw failed(name, `its query gives no column ${missing}`);
}

/** What the drivers say. `code`: of the system, a SQLSTATE, or MySQL's own name of an error. */
type DatabaseError = Error & { code?: string };

function wordsFor({ code = '' }: DatabaseError): string {
  if (/^(28|ER_ACCESS_DENIED|ER_DBACCESS_DENIED)/.test(code)) return `it refuses the name or password (${code})`;
  if (code === '57014' || code === 'PROTOCOL_CONNECTION_LOST') return 'it takes too long';
  if (/^(25006|ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION)$/.test(code))
    return `its query writes, and may only read (${code})`;
  if (/^(E[A-Z]+|)$/.test(code) && !code.startsWith('ER_')) return 'it does not answer';
  return `its query fails (${code})`;
}

function failed(name: string, why: string): AppError {
  const detail = `The database “${name}” gave no list: ${why}. Its operator can look why.`;
  return new AppError({ status: 502, code: 'source-failed', detail, fault: 'platform' });
}
