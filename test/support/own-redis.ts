import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { installPackages } from './debian-package.ts';
import { freePort } from './free-port.ts';
import { eventually } from './wait.ts';

/** A Redis of the test's own, to be treated badly. It keeps nothing over a restart. */
export interface OwnRedis {
  url: string;
  port: number;
  kill(): Promise<void>;
  /** SIGSTOP: connections stay open, and nobody answers. */
  freeze(): void;
  thaw(): void;
  /** On the same port, where it does not run; resolves when it answers. */
  startAgain(): Promise<void>;
  /** Ends it and removes what it wrote. */
  remove(): Promise<void>;
}

export interface OwnRedisOptions {
  /** Its certificate and key, PEM: then it takes nothing but TLS. `ca` is for those who connect. */
  tls?: { cert: string; key: string; ca: string };
  password?: string;
  /** Another address of this machine at which it listens too. */
  address?: string;
}

/** Starts the installed program on a free port; as root on Debian, the system's package where there is none. */
export async function ownRedis(options: OwnRedisOptions = {}): Promise<OwnRedis> {
  const server = new Server(program(), await freePort(), options);
  try {
    await server.startAgain();
    return server;
  } catch (error) {
    await server.remove();
    throw error;
  }
}

/** A connection that a test looks and changes things with. Rejects where there is none at once. */
export async function connectRedis(url: string, ca?: string): Promise<Redis> {
  const tls = ca === undefined ? {} : { tls: { ca } };
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 3_000, ...tls });
  let first: Error | undefined;
  redis.on('error', (error: Error) => (first ??= error));
  await redis.connect().catch((error: Error) => {
    throw first ?? error;
  });
  return redis;
}

/** Where an engine is not to be had: fails under CI, else says so. */
export function absent(why: string): undefined {
  if (process.env['CI'] === 'true') throw new Error(why);
  console.log(why);
}

class Server implements OwnRedis {
  readonly url: string;
  readonly port: number;
  readonly #program: string;
  readonly #options: OwnRedisOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), 'guildhall-own-redis-'));
  #child: ChildProcess | undefined;
  #said = '';
  readonly #atExit = (): void => void this.#child?.kill('SIGKILL');

  constructor(path: string, port: number, options: OwnRedisOptions) {
    const { tls, password } = options;
    this.#program = path;
    this.#options = options;
    this.port = port;
    const user = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
    this.url = `${tls ? 'rediss' : 'redis'}://${user}127.0.0.1:${port}`;
    for (const [name, text] of Object.entries(tls ?? {})) writeFileSync(join(this.#folder, `${name}.pem`), text);
    process.once('exit', this.#atExit);
  }

  async startAgain(): Promise<void> {
    if (!this.#child) this.#spawn();
    this.thaw();
    await eventually('Redis to start', async () => {
      if (this.#child?.exitCode !== null) throw new Error(this.#said);
      const redis = await connectRedis(this.url, this.#options.tls?.ca);
      await redis.ping().finally(() => redis.disconnect());
      return true;
    });
  }

  #spawn(): void {
    this.#child = spawn(this.#program, this.#words(), { cwd: this.#folder, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.#said = `${this.#said}${chunk.toString()}`.slice(-2_000)));
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async remove(): Promise<void> {
    await this.kill();
    process.removeListener('exit', this.#atExit);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #words(): string[] {
    const { tls, password, address } = this.#options;
    const port = String(this.port);
    const bind = ['127.0.0.1', ...(address === undefined ? [] : [address])];
    const words = [
      '--bind',
      ...bind,
      '--save',
      '',
      '--appendonly',
      'no',
      ...(tls ? ['--port', '0'] : ['--port', port]),
    ];
    if (tls)
      words.push(
        '--tls-port',
        port,
        '--tls-cert-file',
        'cert.pem',
        '--tls-key-file',
        'key.pem',
        '--tls-auth-clients',
        'no',
      );
    if (password !== undefined) words.push('--requirepass', password);
    return words;
  }
}

function program(): string {
  const found = installed();
  if (found !== undefined) return found;
  if (!installPackages('redis-server')) throw new Error('redis-server is not installed');
  const now = installed();
  if (now === undefined) throw new Error('the package redis-server has no redis-server');
  return now;
}

function installed(): string | undefined {
  const places = [process.env['REDIS_SERVER'], 'redis-server', '/usr/bin/redis-server', '/usr/local/bin/redis-server'];
  return places.find((path) => path !== undefined && spawnSync(path, ['--version']).status === 0);
}
