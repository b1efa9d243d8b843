import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { Connection } from 'rabbitmq-client';
import { installPackages } from './debian-package.ts';
import { freePort } from './free-port.ts';
import { eventually } from './wait.ts';

/** A RabbitMQ of the test's own, to be treated badly. It takes 4 to 12 s to start, and 130 MB. */
export interface OwnRabbit {
  port: number;
  /** For its first user, who may do everything. */
  url: string;
  /** The pid of the broker; undefined while it is down. */
  pid(): number | undefined;
  /** SIGKILL: what was confirmed is on the disk. */
  kill(): Promise<void>;
  /** SIGSTOP: connections stay open, and nobody answers. */
  freeze(): void;
  thaw(): void;
  /** Starts it again on the same data and port; resolves when it takes connections. */
  startAgain(): Promise<void>;
  /** Runs `rabbitmqctl` with these words; resolves to what it printed. */
  control(...words: string[]): string;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

export interface OwnRabbitOptions {
  /** Loaded at its first start instead of the user `guest`. `url` needs the user and the password of one of them. */
  definitions?: object;
  user?: { name: string; password: string };
  /** Lines of rabbitmq.conf. */
  settings?: Record<string, string>;
}

/**
 * Starts one: the installed program, else, as root on Debian, the system's package, which it installs first. Where there
 * is neither: fails under CI, else says so and gives undefined.
 */
export async function ownRabbit(options: OwnRabbitOptions = {}): Promise<OwnRabbit | undefined> {
  const program = findProgram() ?? (installPackages('rabbitmq-server') ? findProgram() : undefined);
  if (program === undefined) return absent('No RabbitMQ is installed, and none can be.');
  const broker = new Broker(program, [await freePort(), await freePort(), await freePort()], options);
  try {
    await broker.startAgain();
    return broker;
  } catch (error) {
    await broker.remove();
    throw error;
  }
}

/** There is none: a failure in CI, elsewhere a line. */
export function absent(why: string): undefined {
  if (process.env['CI'] === 'true') throw new Error(why);
  console.log(why);
  return undefined;
}

/** ms: some seconds on a quiet machine, ten times that on a busy one. */
const START_MS = 60_000;

type Ports = [amqp: number, distribution: number, names: number];

class Broker implements OwnRabbit {
  readonly port: number;
  readonly url: string;
  readonly #program: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'guildhall-own-rabbitmq-'));
  readonly #environment: NodeJS.ProcessEnv;
  /** The broker is the script's child, and says its own pid in a file. */
  #script: ChildProcess | undefined;
  /** Erlang's register of names. One of our own, as it would outlive the broker. */
  #names: ChildProcess | undefined;
  #said = '';
  readonly #atExit = (): void => this.#signal('SIGKILL');

  constructor(program: string, [port, distribution, names]: Ports, options: OwnRabbitOptions) {
    const { name, password } = options.user ?? { name: 'guest', password: 'guest' };
    this.port = port;
    this.url = `amqp://${name}:${password}@127.0.0.1:${port}`;
    this.#program = program;
    this.#environment = environmentOf(this.#folder, { distribution, names });
    this.#configure(options);
    process.once('exit', this.#atExit);
  }

  pid(): number | undefined {
    if (!this.#script || this.#script.exitCode !== null || !existsSync(this.#pidFile)) return undefined;
    return Number(readFileSync(this.#pidFile, 'utf8'));
  }

  async kill(): Promise<void> {
    const script = this.#script;
    if (!script || script.exitCode !== null) return;
    const ended = once(script, 'exit');
    this.#signal('SIGKILL');
    await ended;
    rmSync(this.#pidFile, { force: true });
  }

  freeze(): void {
    this.#signal('SIGSTOP');
  }

  thaw(): void {
    this.#signal('SIGCONT');
  }

  async startAgain(): Promise<void> {
    this.#startNames();
    // A group of its own: a broker that is slow to start goes with its script.
    const script = spawn(this.#program, [], {
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const hear = (chunk: Buffer): void => void (this.#said = `${this.#said}${chunk.toString()}`.slice(-4_000));
    script.stdout.on('data', hear);
    script.stderr.on('data', hear);
    this.#script = script;
    await eventually('RabbitMQ to start', () => this.#isUp(script), START_MS);
  }

  control(...words: string[]): string {
    const program = join(dirname(this.#program), 'rabbitmqctl');
    return execFileSync(program, words, {
      env: this.#environment,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async remove(): Promise<void> {
    // SIGKILL would be kept for a process that is stopped, and it is.
    await this.kill();
    this.#endGroup();
    this.#names?.kill('SIGKILL');
    process.removeListener('exit', this.#atExit);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  get #pidFile(): string {
    return join(this.#folder, 'pid');
  }

  async #isUp(script: ChildProcess): Promise<true> {
    if (script.exitCode !== null) throw new Error(`RabbitMQ ended with ${script.exitCode}: ${this.#said}`);
    await connectOnce(this.url).catch((error: Error) => {
      throw new Error(`${error.message}: ${this.#said.slice(-400)}`);
    });
    return true;
  }

  #startNames(): void {
    if (this.#names && this.#names.exitCode === null) return;
    const port = this.#environment['ERL_EPMD_PORT'] ?? '';
    this.#names = spawn('epmd', ['-port', port, '-address', '127.0.0.1'], { stdio: 'ignore' });
    // Without this program on the path Erlang starts one by itself.
    this.#names.on('error', () => undefined);
  }

  #configure({ definitions, settings }: OwnRabbitOptions): void {
    const lines = [`listeners.tcp.local = 127.0.0.1:${this.port}`, 'disk_free_limit.absolute = 20MB'];
    if (definitions) {
      const path = join(this.#folder, 'definitions.json');
      writeFileSync(path, JSON.stringify(definitions));
      lines.push(`load_definitions = ${path}`);
    }
    for (const [name, value] of Object.entries(settings ?? {})) lines.push(`${name} = ${value}`);
    writeFileSync(join(this.#folder, 'rabbitmq.conf'), `${lines.join('\n')}\n`);
    writeFileSync(join(this.#folder, 'plugins'), '[].\n');
  }

  #endGroup(): void {
    const pid = this.#script?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Nobody of it is left.
    }
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.pid();
    if (pid !== undefined) process.kill(pid, signal);
    // Before it has said its pid there is the script alone.
    else if (signal === 'SIGKILL') this.#endGroup();
  }
}

function environmentOf(folder: string, ports: { distribution: number; names: number }): NodeJS.ProcessEnv {
  const data = join(folder, 'data');
  mkdirSync(data);
  return {
    PATH: process.env['PATH'],
    // Erlang's cookie is made here.
    HOME: folder,
    ERL_EPMD_PORT: String(ports.names),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_FLAGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_NODENAME: `test-${randomUUID().slice(0, 8)}@localhost`,
    RABBITMQ_DIST_PORT: String(ports.distribution),
    RABBITMQ_MNESIA_BASE: data,
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    // Not the machine's own settings.
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
    // One scheduler that does not spin: other tests need the machine.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none',
  };
}

/** Connects and leaves; rejects where that fails. */
export async function connectOnce(url: string): Promise<void> {
  const connection = new Connection({ url, connectionTimeout: 2_000, retryLow: 60_000, retryHigh: 60_000 });
  try {
    await new Promise<void>((resolve, reject) => {
      connection.once('connection', resolve);
      connection.on('error', reject);
    });
    await connection.close();
  } catch (error) {
    connection.unsafeDestroy();
    throw error;
  }
}

/** The broker's own script: the one on the path of a Debian insists on a user of its own. */
function findProgram(): string | undefined {
  const folders = ['/usr/lib/rabbitmq/bin', ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, 'rabbitmq-server')).find((path) => existsSync(path));
}
