import { randomUUID } from 'node:crypto';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import { installPackages } from './debian-package.ts';
import { freePort } from './free-port.ts';

/** A MariaDB or MySQL for tests, with an empty database. */
export interface Maria {
  /** Of the database. */
  url: string;
  run(statement: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Finds a MariaDB, in this order: TEST_MARIADB_URL, one that listens on the default port and lets us in, the installed program
 * (else, as root on Debian, the system's package, which it installs first), started on a folder of its own; TEST_MARIADB=installed takes only the last. Prints which it is. Where there is none: fails under CI, else says so and gives undefined.
 */
export async function startMaria(): Promise<Maria | undefined> {
  const reasons: string[] = [];
  const only = process.env['TEST_MARIADB'] ?? '';
  for (const [name, find] of Object.entries(PLACES).filter(([place]) => place.endsWith(only))) {
    const found = await find().catch((error: Error) => void reasons.push(`${name}: ${error.message}`));
    if (!found) continue;
    console.log(`MariaDB (${name})`);
    return found;
  }
  const why = `No MariaDB for tests. ${reasons.join('; ')}`;
  if (process.env['CI'] === 'true') throw new Error(why);
  console.log(why);
  return undefined;
}

const PLACES: Record<string, () => Promise<Maria | undefined>> = {
  'from TEST_MARIADB_URL': async () => {
    const url = process.env['TEST_MARIADB_URL'];
    return url ? served(url, async () => undefined) : undefined;
  },
  'on the default port': () => served('mysql://root@127.0.0.1:3306/', async () => undefined),
  installed: ownServer,
};

async function ownServer(): Promise<Maria> {
  const there = spawnSync('mariadbd', ['--version']).status === 0;
  if (!there && !installPackages('mariadb-server')) throw new Error('mariadbd is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-mariadb-'));
  const as = process.getuid?.() === 0 ? ['--user=root'] : [];
  const made = spawnSync(
    'mariadb-install-db',
    ['--no-defaults', `--datadir=${folder}`, '--auth-root-authentication-method=normal', '--skip-test-db', ...as],
    { encoding: 'utf8', timeout: 120_000 },
  );
  if (made.status !== 0) throw made.error ?? new Error(made.stderr);
  const port = await freePort();
  const place = [`--datadir=${folder}`, `--port=${port}`, `--socket=${folder}/s`, '--bind-address=127.0.0.1'];
  const server = spawn('mariadbd', ['--no-defaults', ...place, ...as], { stdio: 'ignore' });
  const gone = new Promise<void>((resolve) => void server.once('exit', () => resolve()).once('error', () => resolve()));
  const stop = async (): Promise<void> => {
    server.kill();
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; ; tries++)
    try {
      return await served(`mysql://root@127.0.0.1:${port}/`, stop);
    } catch (error) {
      if (tries > 100 || server.exitCode !== null) {
        await stop();
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

async function served(url: string, stop: () => Promise<void>): Promise<Maria> {
  const connection = await mysql.createConnection({ uri: url, connectTimeout: 3_000 });
  const name = `guildhall_test_${randomUUID().replaceAll('-', '')}`;
  await connection.query(`create database ${name} character set utf8mb4`);
  await connection.query(`use ${name}`);
  return {
    url: Object.assign(new URL(url), { pathname: `/${name}` }).href,
    run: async (statement) => void (await connection.query(statement)),
    async stop() {
      await connection.query(`drop database ${name}`);
      await connection.end();
      await stop();
    },
  };
}
