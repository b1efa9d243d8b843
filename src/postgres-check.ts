import pg from 'pg';
import { LIMITS } from '#core/limits.ts';
import { readPostgresAddress } from '#storage/postgres-address.ts';
import type { Config } from './config.ts';
import { CHECK_MS, inTime, unusable, type Finding } from './deployment-checks.ts';
import { placeOf } from './engine-refusals.ts';
import { engineCa } from './engines.ts';
import { MOVE_FACT, type MoveMark } from './unfinished-move.ts';

/** Version, encoding, TLS, rights, wake-ups, clock and connections of the PostgreSQL at `url`. */
export async function checkPostgres(config: Pick<Config, 'ENGINE_CA'>, url: string): Promise<Finding[]> {
  try {
    return await inTime(look(config, url));
  } catch (error) {
    return [unusable('postgres', error, { name: 'PostgreSQL', setting: 'DATABASE_URL', url })];
  }
}

/** The oldest that the program runs on, as `server_version_num` has it. */
const OLDEST = { number: 140_000, said: '14' };

/** Seconds that this machine's clock may be off the database's: messages are dated by the one, leases by the other. */
const CLOCK_SECONDS = 5;

/** Connections that one process of ours may open. */
const CONNECTIONS_EACH = 10;

interface Facts {
  version: string;
  number: number;
  encoding: string;
  standby: boolean;
  may_create: boolean | null;
  ssl: boolean | null;
  most: number;
  used: number;
  ours: number;
  processes: number;
  now: number;
  foreign_tables: string | null;
}

async function look(config: Pick<Config, 'ENGINE_CA'>, url: string): Promise<Finding[]> {
  const address = readPostgresAddress(url, engineCa(config));
  const bounds = { connectionTimeoutMillis: CHECK_MS, query_timeout: CHECK_MS };
  const client = new pg.Client({ ...address, ...bounds, application_name: 'guildhall doctor' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const tables = await tablesOf(client);
    const before = Date.now();
    const [facts] = (await client.query<Facts>(factsOf(tables))).rows as [Facts];
    const seconds = Math.abs(Number(facts.now) - (before + Date.now()) / 2) / 1_000;
    const wrong = [
      ...wrongServer(facts),
      ...(await wrongWakeUp(client)),
      ...wrongClock(seconds),
      ...wrongConnections(facts),
      ...(tables.includes('instance') ? await unfinishedMove(client) : []),
    ].map((lines): Finding => ({ state: 'wrong', what: 'postgres', lines }));
    return [{ state: 'ok', what: 'postgres', lines: summary(facts, { url, seconds }) }, ...wrong];
  } finally {
    await client.end();
  }
}

async function tablesOf(client: pg.Client): Promise<string[]> {
  const ours = `select relname from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r'`;
  return (await client.query<{ relname: string }>(ours)).rows.map(({ relname }) => relname);
}

const NOW = '(extract(epoch from clock_timestamp()) * 1000)::float8';

/** One question for all; what a table would tell is asked only where it is there. */
function factsOf(tables: string[]): string {
  const processes = tables.includes('processes')
    ? `(select count(*)::int from processes where ${NOW} - seen_at < ${LIMITS.heartbeatGone})`
    : '0';
  return `
    select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
      current_setting('server_encoding') as encoding, pg_is_in_recovery() as standby,
      has_schema_privilege(current_schema(), 'create') as may_create,
      (select ssl from pg_stat_ssl where pid = pg_backend_pid()) as ssl,
      least(
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
        (select nullif(rolconnlimit, -1) from pg_roles where rolname = current_user),
        (select nullif(datconnlimit, -1) from pg_database where datname = current_database())
      ) as most,
      (select sum(numbackends)::int from pg_stat_database) as used,
      (select count(*)::int from pg_stat_activity where application_name like 'guildhall%') as ours,
      ${processes} as processes,
      ${NOW} as now,
      (select string_agg(relname, ', ' order by relname) from pg_class
        where relnamespace = current_schema()::regnamespace and relkind = 'r' and not pg_has_role(relowner, 'usage')
      ) as foreign_tables`;
}

function summary(facts: Facts, { url, seconds }: { url: string; seconds: number }): string[] {
  const { at, path } = placeOf(url);
  return [
    `PostgreSQL ${facts.version.split(' ')[0]} at ${at}, database ${path}`,
    `${facts.ssl ? 'TLS' : 'on this machine'}, clock ${seconds.toFixed(2)} s off, ${facts.used} of ${facts.most} connections in use`,
  ];
}

function wrongServer({ version, number, encoding, standby, may_create, foreign_tables }: Facts): string[][] {
  return [
    number < OLDEST.number && [
      `PostgreSQL ${version} is too old: ${OLDEST.said} or newer is needed.`,
      'Upgrade the server.',
    ],
    standby && ['The server is a standby, which cannot be written to.', 'Name the primary in DATABASE_URL.'],
    encoding !== 'UTF8' && [
      `The database is made for ${encoding}, and people write in all languages.`,
      'Make another: createdb --encoding=UTF8 --template=template0, then restore a backup into it.',
    ],
    may_create !== true && [
      'Its user may not make tables, so no newer version can start.',
      'Make it the owner: alter database … owner to …',
    ],
    foreign_tables !== null && [
      `These tables belong to another user: ${foreign_tables}.`,
      'Give them over, as their owner: reassign owned by … to …',
    ],
  ].filter((lines) => lines !== false);
}

/** ms that a NOTIFY may take to come back: it comes with the next answer. */
const WAKE_UP_MS = 1_000;

/** A pooler that gives each transaction another connection loses what was listened for. */
async function wrongWakeUp(client: pg.Client): Promise<string[][]> {
  const heard = Promise.withResolvers<boolean>();
  client.once('notification', () => heard.resolve(true));
  await client.query('listen guildhall_doctor');
  await client.query('notify guildhall_doctor');
  const timer = setTimeout(() => heard.resolve(false), WAKE_UP_MS);
  const came = await heard.promise;
  clearTimeout(timer);
  if (came) return [];
  return [
    [
      'LISTEN hears nothing, so commands wait up to a second.',
      'A pooler in between must pool sessions and not transactions.',
    ],
  ];
}

function wrongClock(seconds: number): string[][] {
  if (seconds <= CLOCK_SECONDS) return [];
  return [
    [
      `The clocks of this machine and the database differ by ${seconds.toFixed(0)} s: messages carry wrong times.`,
      'Set both by NTP.',
    ],
  ];
}

/** All processes at their most, beside what others use now. */
function wrongConnections({ most, used, ours, processes }: Facts): string[][] {
  const others = Math.max(0, used - ours);
  const needed = processes * CONNECTIONS_EACH + others;
  if (needed <= most) return [];
  return [
    [
      `${processes} processes may open ${processes * CONNECTIONS_EACH} connections, others have ${others}, and ${most} are allowed.`,
      `Raise max_connections (and limits of user and database) to ${needed + CONNECTIONS_EACH} or more.`,
    ],
  ];
}

async function unfinishedMove(client: pg.Client): Promise<string[][]> {
  const asked = 'select value from instance where key = $1';
  const [fact] = (await client.query<{ value: string }>(asked, [MOVE_FACT])).rows;
  if (fact === undefined || (JSON.parse(fact.value) as MoveMark).state === 'done') return [];
  return [['A hall is carried over into it and that is not at its end.', 'Go on: npm run -s guildhall -- move']];
}
