import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { FastifyBaseLogger } from 'fastify';
import type { VaultHealth } from '#core/secret.ts';
import { socketOf } from './vault-socket.ts';

export interface VaultProcessOptions {
  /** The folder of all data. */
  data: string;
  providers: { tornUrl: string; twitchAuthUrl: string; twitchClientId?: string; twitchClientSecret?: string };
  /** Where other machines reach it. The paths are of PEM files. */
  listen?: { host: string; port: number; cert: string; key: string; ca: string };
  logger: FastifyBaseLogger;
  /** Told at each start of the process, when it can be asked. */
  onReady?(ready: Ready): void;
}

/** What it says of itself when it can be asked. */
export interface Ready {
  state: 'ready' | 'no-key';
  why?: string;
  /** The keys were made by this start. */
  made: boolean;
  port?: number;
}

/** ms until it is started again after it ended: at first, and at most; doubled each time. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

/** ms of life after which it counts as sound, so that the next wait is a short one again. */
const SOUND_MS = 30_000;

/** ms that somebody waits for one that did not come up the last time. */
const FAILING_MS = 1_000;

/** The vault as a child of this process: it is started by the first need and, while this process lives, again whenever it ends. */
export class VaultProcess {
  readonly #options: VaultProcessOptions;
  readonly #folder: string;
  readonly socket: string;
  #child: ChildProcess | undefined;
  #again: NodeJS.Timeout | undefined;
  #wait = FIRST_WAIT_MS;
  #wanted = false;
  #ready: Ready | undefined;
  #why = 'is being started';
  /** Its last start came to nothing. */
  #fails = false;
  #waiting = new Set<() => void>();

  constructor(options: VaultProcessOptions) {
    this.#options = options;
    this.#folder = join(resolve(options.data), 'vault');
    this.socket = socketOf(this.#folder);
  }

  /** Where its keys are. */
  get folder(): string {
    return this.#folder;
  }

  /** The process; undefined where there is none now. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Undefined where nobody needed it yet. */
  health(): VaultHealth | undefined {
    if (!this.#wanted) return undefined;
    if (!this.#ready) return { state: 'away', why: this.#why };
    const { state, why } = this.#ready;
    return { state, ...(why !== undefined && { why }) };
  }

  start(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#spawn();
  }

  /** Resolves when it can be asked; after `ms` and when `ended` fires in any case: who then asks is told why not. */
  async up(ms: number, ended: AbortSignal): Promise<void> {
    this.start();
    if (this.#ready) return;
    await new Promise<void>((done) => {
      const end = (): void => {
        clearTimeout(timer);
        ended.removeEventListener('abort', end);
        this.#waiting.delete(end);
        done();
      };
      const timer = setTimeout(end, this.#fails ? Math.min(ms, FAILING_MS) : ms);
      ended.addEventListener('abort', end);
      this.#waiting.add(end);
    });
  }

  /** It is there and does not answer. */
  replace(): void {
    this.#why = 'did not answer, and is started again';
    this.#child?.kill('SIGKILL');
  }

  /** Lets what is under way end, `graceMs` at most. */
  async stop(graceMs: number): Promise<void> {
    this.#wanted = false;
    clearTimeout(this.#again);
    const child = this.#child;
    if (!child) return;
    const ended = new Promise((done) => child.once('close', done));
    child.kill('SIGTERM');
    const last = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await ended;
    clearTimeout(last);
  }

  #spawn(): void {
    const began = performance.now();
    const child = this.#spawned();
    if (!child) return;
    this.#child = child;
    child.stdin?.on('error', () => undefined);
    child.stdin?.write(`${this.#settings()}\n`);
    this.#hear(child);
    child.once('error', (error) => {
      this.#why = `could not be started: ${error.message}`;
      // The system made no process, so none ends.
      if (child.pid === undefined) this.#ended('not started', 0);
    });
    child.once('exit', (code, signal) => this.#ended(signal ?? String(code), performance.now() - began));
  }

  /** Undefined where its folder cannot be made or read; it is tried again. */
  #spawned(): ChildProcess | undefined {
    try {
      return spawnVault(this.#folder, this.#options, this.socket);
    } catch (error) {
      this.#why = `could not be started: ${(error as Error).message}`;
      this.#ended('not started', 0);
      return undefined;
    }
  }

  #settings(): string {
    const { providers, listen } = this.#options;
    return JSON.stringify({ folder: this.#folder, socket: this.socket, providers, ...(listen && { listen }) });
  }

  #hear(child: ChildProcess): void {
    const { logger } = this.#options;
    createInterface(child.stdout as Readable).once('line', (line) => {
      if (this.#child !== child) return;
      this.#ready = JSON.parse(line) as Ready;
      this.#options.onReady?.(this.#ready);
      this.#letGo();
    });
    createInterface(child.stderr as Readable).on('line', (line) => {
      logger.warn({ vault: line }, 'the vault says');
      this.#why = wordsOf(line) ?? this.#why;
    });
  }

  #letGo(): void {
    for (const go of this.#waiting) go();
  }

  #ended(how: string, lived: number): void {
    this.#child = undefined;
    this.#fails = this.#ready === undefined;
    // Who waits need not wait for the next try: somebody else's vault on the same keys may be there.
    if (this.#fails) this.#letGo();
    if (this.#ready) this.#why = `ended (${how}) and is started again`;
    this.#ready = undefined;
    if (!this.#wanted) return;
    this.#options.logger.warn({ how }, 'the vault ended');
    if (lived > SOUND_MS) this.#wait = FIRST_WAIT_MS;
    this.#again = setTimeout(() => this.#spawn(), this.#wait);
    this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT_MS);
  }
}

/** The sentence in a line that the vault wrote before it gave up. */
function wordsOf(line: string): string | undefined {
  try {
    const { level, msg } = JSON.parse(line) as { level?: string; msg?: string };
    return level === 'error' ? msg : undefined;
  } catch {
    return undefined;
  }
}

const ROOT = join(import.meta.dirname, '../..');

function spawnVault(folder: string, { listen }: VaultProcessOptions, socket: string): ChildProcess {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = listen ? [listen.cert, listen.key, listen.ca] : [];
  const words = [...hardening({ folder, socket, files }), join(ROOT, 'services/vault/main.ts')];
  const options = { env: environment(), stdio: 'pipe', cwd: folder, windowsHide: true } as const;
  // No dump of its memory is ever written, and nobody else reads what it makes.
  return existsSync('/bin/sh')
    ? spawn('/bin/sh', ['-c', BEFORE, 'vault', process.execPath, ...words], options)
    : spawn(process.execPath, words, options);
}

/**
 * Linux does not keep to the limit where dumps go to a program; one without any memory in it tells nothing:
 * https://www.man7.org/linux/man-pages/man5/core.5.html
 */
const BEFORE = 'ulimit -c 0; { echo 0 >/proc/self/coredump_filter; } 2>/dev/null; umask 077; exec "$@"';

/** Nothing of ours but what Node itself may need on its system: no setting, and no NODE_OPTIONS. */
function environment(): NodeJS.ProcessEnv {
  const kept = ['SystemRoot', 'NODE_EXTRA_CA_CERTS'].filter((name) => process.env[name] !== undefined);
  return Object.fromEntries(kept.map((name) => [name, process.env[name]]));
}

/**
 * Node's permission model: the vault reads its own program, reads and writes its own folder, and starts nothing. On some
 * versions it does not hold the network; the list of hosts is the vault's own in any case. It does not hold node:sqlite: docs/threats.md.
 * https://nodejs.org/api/permissions.html
 */
export function hardening({ folder, socket, files }: { folder: string; socket: string; files: string[] }): string[] {
  const real = realpathSync(folder);
  const writes = [...new Set([real, folder, ...(socket.startsWith('\\\\') ? [] : [dirname(socket)])])];
  const reads = [...program(), ...writes, ...files.flatMap((file) => [resolve(file), realpathSync(file)])];
  return [
    '--permission',
    ...[...new Set(reads)].map((path) => `--allow-fs-read=${path}`),
    ...writes.map((path) => `--allow-fs-write=${path}`),
    ...['--allow-net', '--disable-sigusr1'].filter((flag) => process.allowedNodeEnvironmentFlags.has(flag)),
    '--disallow-code-generation-from-strings',
    '--disable-warning=ExperimentalWarning',
  ];
}

/** The vault's files and the packages that it uses, and nothing else of the program. */
function program(): string[] {
  const require = createRequire(join(ROOT, 'contracts/sealed.ts'));
  const zod = dirname(require.resolve('zod/package.json'));
  const hpke = dirname(dirname(require.resolve('@hpke/core/package.json')));
  const own = ['services/vault', 'contracts', 'package.json'].map((path) => join(ROOT, path));
  return [...own, zod, hpke];
}
