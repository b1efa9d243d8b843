import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import pg from 'pg';
import { readPostgresAddress } from './postgres-address.ts';
import { PostgresDriver } from './postgres-driver.ts';
import { meaningOf } from './postgres-errors.ts';
import { PostLine } from './post-line.ts';
import type { Schema } from './schema.ts';
import { makeStorage, type Storage } from './storage.ts';
import { OUTBOX_SIGNAL, wakeUps } from './wake-up.ts';

export interface PostgresOptions {
  /** The authority that signed the server's certificate, PEM; else the URL's `sslrootcert`, else those that Node knows. */
  ca?: string;
  /** Shown in `pg_stat_activity` as `guildhall <role>`. */
  role?: string;
  /** Connections for reading, at most. */
  readers?: number;
  /** Works in one commit, at most. */
  batch?: number;
  /** How long we wait, where it is not as `BOUNDS` says. */
  bounds?: Partial<Record<keyof typeof BOUNDS, number>>;
}

/**
 * Opens PostgreSQL 14 or newer: a pool for reading, one for the door and the posts. Returns at once; connections are made
 * when they are needed, and made anew after an outage. While the database is away reads and writes fail with a 503
 * within seconds. Throws where the URL says what we do not do.
 */
export function openPostgres(url: string, options: PostgresOptions = {}): Storage {
  const base = connectionSettings(url, options);
  const bounds = { ...BOUNDS, ...options.bounds };
  const reader = kysely({ ...base, ...bounds, ...withOption(base, READ_ONLY), max: options.readers ?? READERS });
  const writer = kysely({ ...base, ...bounds, ...withOption(base, BY_INDEX), max: WRITERS });
  const posts = new PostLine(writer);
  const elsewhere = wakeUps(() => new pg.Client({ ...base, ...bounds }));
  return makeStorage({
    dialect: 'postgres',
    begin: 'begin',
    commit: (published) => (published ? `notify ${OUTBOX_SIGNAL}; commit` : 'commit'),
    meaningOf,
    reader,
    writer,
    post: (draft) => posts.post(draft),
    onElsewhere: (listener) => elsewhere.listen(listener),
    maintain: (work) => alone({ ...base, connectionTimeoutMillis: bounds.connectionTimeoutMillis, max: 1 }, work),
    async closing() {
      elsewhere.close();
      await posts.idle();
    },
    ...(options.batch !== undefined && { batch: options.batch }),
  });
}

/** Connections that read at once: each waits for the network most of the time, and PostgreSQL's default is 100 for all processes. */
const READERS = 6;

/** Connections that write: the door's, the posts', and one beside them while another is being replaced. */
const WRITERS = 3;

/** ms, unless it says otherwise. Nobody waits for more than seconds for a database that is away. */
const BOUNDS = {
  /** To reach the server and to sign in: a new connection takes some ms, far away with TLS some hundred. Also for a place in the pool. */
  connectionTimeoutMillis: 3_000,
  /** One statement: ours take a few ms. Longer, and somebody has given up waiting. */
  statement_timeout: 5_000,
  /** A lock that another holds: somewhat longer than one who stopped in the middle of a transaction may keep it. */
  lock_timeout: 4_000,
  /** Between two statements of a transaction: a process that stands still must not hold rooms. */
  idle_in_transaction_session_timeout: 3_000,
  /** No answer, though the statement's time is over: the server or the way to it is dead. */
  query_timeout: 6_000,
} as const;

/** As SQLite's reader: what goes round the door is refused. */
const READ_ONLY = 'default_transaction_read_only=on';

/** Writing finds its rows by an index. A plan made while a table was empty would read the whole of it when it is large. */
const BY_INDEX = 'enable_seqscan=off';

/** Beside the options that the URL has. */
function withOption({ options }: pg.PoolConfig, more: string): pg.PoolConfig {
  return { options: [options, `-c ${more}`].filter(Boolean).join(' ') };
}

/** ms without traffic before the network is asked whether the other side is still there. */
const KEEP_ALIVE_AFTER = 10_000;

/** ms that a connection which nobody uses is kept: reconnecting costs more than holding one. */
const IDLE_FOR = 60_000;

/** bigint: our times and counts stay far below 2^53. https://github.com/brianc/node-pg-types */
const BIGINT = 20;

const TYPES = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === BIGINT ? Number : pg.types.getTypeParser(oid, format as 'text'),
};

function connectionSettings(url: string, { ca, role = 'all' }: PostgresOptions): pg.PoolConfig {
  return {
    ...readPostgresAddress(url, ca),
    application_name: `guildhall ${role}`,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER,
    idleTimeoutMillis: IDLE_FOR,
    types: TYPES as pg.CustomTypesConfig,
  };
}

function kysely(settings: pg.PoolConfig): Kysely<Schema> {
  return new Kysely<Schema>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new PostgresDriver(new pg.Pool(settings)),
      createIntrospector: (of) => new PostgresIntrospector(of),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}

/** A connection of its own for what may take long. */
async function alone<T>(settings: pg.PoolConfig, work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
  const db = kysely(settings);
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}
