import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { askPostgres, packagedServer } from './postgres.ts';
import { eventually } from './wait.ts';

/** A PostgreSQL server of the test's own, with durability on, to be treated badly. Always the packaged one. */
export interface OwnPostgres {
  port: number;
  /** The pid of the server's first process; undefined while it is down. */
  pid(): number | undefined;
  /** An empty database; gives its URL. */
  freshDatabase(): Promise<string>;
  /** SIGKILL for all of its processes at once: a power cut, as far as a program can make one. */
  kill(): Promise<void>;
  /** SIGSTOP for all of its processes: connections stay open, and nobody answers. */
  freeze(): void;
  thaw(): void;
  /** Starts it again on the same data and port; resolves when it takes connections. */
  startAgain(): Promise<void>;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

export interface OwnPostgresOptions {
  /** Of the server, such as `{ max_connections: '20' }`. */
  settings?: Record<string, string>;
  /** A certificate and its key, PEM: then it takes TLS too. */
  tls?: { cert: string; key: string };
}

export async function ownPostgres(options: OwnPostgresOptions = {}): Promise<OwnPostgres> {
  const server = new Server(await freePort(), options);
  try {
    server.initialise();
    await server.start();
    return server;
  } catch (error) {
    await server.remove();
    throw error;
  }
}

class Server implements OwnPostgres {
  readonly port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), 'guildhall-own-postgres-'));
  readonly #bin = packagedServer();
  readonly #user = unprivileged();
  readonly #options: OwnPostgresOptions;
  #child: ChildProcess | undefined;
  #said = '';
  readonly #atExit = (): void => this.#signalAll('SIGKILL');

  constructor(port: number, options: OwnPostgresOptions) {
    this.port = port;
    this.#options = options;
    process.once('exit', this.#atExit);
  }

  initialise(): void {
    if (this.#user.uid !== undefined) chownSync(this.#folder, this.#user.uid, this.#user.gid);
    const words = ['-D', this.#data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
    execFileSync(join(this.#bin, 'initdb'), words, { ...this.#user, stdio: 'pipe' });
    for (const [name, text] of Object.entries(this.#options.tls ?? {})) this.#keep(`server.${name}`, text);
  }

  async start(): Promise<void> {
    // What is left of a killed server may hold its memory for a moment.
    await eventually('PostgreSQL to start', () => this.#tryStart());
  }

  async startAgain(): Promise<void> {
    await this.start();
  }

  pid(): number | undefined {
    return this.#child?.pid;
  }

  async freshDatabase(): Promise<string> {
    const name = `own_${randomUUID().replaceAll('-', '')}`;
    await askPostgres(this.#url('postgres'), `create database ${name}`);
    return this.#url(name);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    signalFamily(child, 'SIGKILL');
    await ended;
  }

  freeze(): void {
    this.#signalAll('SIGSTOP');
  }

  thaw(): void {
    this.#signalAll('SIGCONT');
  }

  async remove(): Promise<void> {
    await this.kill();
    process.removeListener('exit', this.#atExit);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  get #data(): string {
    return join(this.#folder, 'db');
  }

  #url(database: string): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`;
  }

  async #tryStart(): Promise<true | undefined> {
    if (!this.#child || this.#child.exitCode !== null) this.#spawn();
    await askPostgres(this.#url('postgres'), 'select 1').catch((error: Error) => {
      throw new Error(`${error.message}: ${this.#said.slice(-400)}`);
    });
    return true;
  }

  #spawn(): void {
    const { settings = {}, tls } = this.#options;
    const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...(tls && TLS_FILES), ...settings };
    const words = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(join(this.#bin, 'postgres'), ['-D', this.#data, '-p', String(this.port), ...words], {
      ...this.#user,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.on('data', (chunk: Buffer) => (this.#said = `${this.#said}${chunk.toString()}`.slice(-4_000)));
    this.#child = child;
  }

  #keep(name: string, text: string): void {
    const path = join(this.#data, name);
    writeFileSync(path, text);
    chmodSync(path, 0o600);
    if (this.#user.uid !== undefined) chownSync(path, this.#user.uid, this.#user.gid);
  }

  #signalAll(signal: NodeJS.Signals): void {
    if (this.#child) signalFamily(this.#child, signal);
  }
}

const TLS_FILES = { ssl: 'on', ssl_cert_file: 'server.cert', ssl_key_file: 'server.key' };

interface User {
  uid?: number;
  gid: number;
}

/** PostgreSQL refuses to run as root; then it runs as `postgres`, made where absent. */
function unprivileged(): User | { uid?: never; gid?: never } {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8');
  if (!/^postgres:/m.test(users)) execFileSync('useradd', ['--system', '--user-group', 'postgres']);
  const number = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: number('-u'), gid: number('-g') };
}

/** The parent first, so that it starts no more. */
function signalFamily({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  const send = (to: number): void => {
    try {
      process.kill(to, signal);
    } catch {
      // It is gone already.
    }
  };
  const children = childrenOf(pid);
  send(pid);
  children.forEach(send);
}

function childrenOf(pid: number): number[] {
  const pairs = existsSync('/proc/self/stat') ? pairsOfProc() : pairsOfPs();
  return pairs.flatMap(([child, parent]) => (parent === pid ? [child] : []));
}

type Pair = readonly [child: number, parent: number];

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function pairsOfProc(): Pair[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const after = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1) ?? '';
      return [[Number(name), Number(after.split(' ')[1])]];
    } catch {
      return [];
    }
  });
}

function pairsOfPs(): Pair[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => line.trim().split(/\s+/).map(Number) as unknown as Pair);
}
