import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from './free-port.ts';
import { eventually } from './wait.ts';

export type Settings = Record<string, string>;

/**
 * The real program, `node src/main.ts`, as a child on loopback with a data folder of its own. Only what a test sets
 * and what Node needs reaches it: no setting of the developer's leaks in.
 */
export class Hall {
  readonly url: string;
  readonly data: string;
  private child: ChildProcess | undefined;
  private said = '';
  private readonly port: number;
  private settings: Settings;

  private constructor(port: number, settings: Settings) {
    this.port = port;
    this.settings = settings;
    this.url = `http://127.0.0.1:${port}`;
    this.data = mkdtempSync(join(tmpdir(), 'guildhall-test-'));
  }

  /** A hall that has not been started: its folder is chosen, its data is not made. */
  static async prepare(settings: Settings = {}): Promise<Hall> {
    return new Hall(await freePort(), { LOG_LEVEL: 'warn', ...settings });
  }

  /** Starts a hall on a fresh data folder and waits until it is ready. */
  static async start(settings: Settings = {}): Promise<Hall> {
    const hall = await Hall.prepare(settings);
    await hall.run();
    return hall;
  }

  get pid(): number {
    if (!this.child?.pid) throw new Error('the hall does not run');
    return this.child.pid;
  }

  /** All that it printed since its first start, both streams. */
  get output(): string {
    return this.said;
  }

  /** The code in the one-time link that the first start prints for the owner. */
  ownerCode(): Promise<string> {
    return eventually('the one-time link', () => /\/first\/([\w-]+)/.exec(this.said)?.[1]);
  }

  /** Ends it as an operator would and gives the exit code. */
  async stop(): Promise<number | null> {
    return this.end('SIGTERM');
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Starts it again on the same folder and port, with other settings where given. */
  async startAgain(settings: Settings = {}): Promise<void> {
    this.settings = { ...this.settings, ...settings };
    await this.run();
  }

  /** Stops it where it runs, and removes its data. */
  async remove(): Promise<void> {
    if (this.child) await this.end('SIGTERM');
    rmSync(this.data, { recursive: true, force: true });
  }

  /** The environment of this hall's processes. */
  environment(): NodeJS.ProcessEnv {
    const { PATH = '', NODE_COMPILE_CACHE: cache } = process.env;
    const ours = { PORT: String(this.port), HOST: '127.0.0.1', GUILDHALL_DATA: join(this.data, 'data') };
    return { PATH, ...(cache ? { NODE_COMPILE_CACHE: cache } : {}), ...ours, ...this.settings };
  }

  private async run(): Promise<void> {
    const child = spawn(process.execPath, [MAIN], {
      cwd: this.data,
      env: this.environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (this.said += chunk));
    await eventually('the hall to be ready', () => this.isReady(child)).catch((error: Error) => {
      child.kill('SIGKILL');
      throw new Error(`${error.message}. It said:\n${this.said}`, { cause: error });
    });
  }

  private async isReady(child: ChildProcess): Promise<true | undefined> {
    if (child.exitCode !== null) return this.gone(child.exitCode);
    const answer = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    return answer.ok || undefined;
  }

  private gone(code: number): never {
    throw new Error(`the hall ended with ${code} while starting:\n${this.said}`);
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    const last = setTimeout(() => child.kill('SIGKILL'), 15_000);
    child.kill(signal);
    await ended;
    clearTimeout(last);
    return child.exitCode;
  }
}

/** The repository. */
export const ROOT = dirname(dirname(import.meta.dirname));

const MAIN = join(ROOT, 'src/main.ts');
