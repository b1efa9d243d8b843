import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { bareEnvironment, Child, ROOT } from './child.ts';
import type { Deployment, Settings } from './deployment.ts';
import { freePort } from './free-port.ts';
import { eventually } from './wait.ts';

/** The real program in one process, `node src/main.ts`, as a child on loopback with a data folder of its own. */
export class Hall implements Deployment {
  readonly data = mkdtempSync(join(tmpdir(), 'guildhall-test-'));
  readonly #port: number;
  readonly #child: Child;
  #settings: Settings;

  private constructor(port: number, settings: Settings) {
    this.#port = port;
    this.#settings = settings;
    this.#child = new Child({ name: 'the hall', words: [join(ROOT, 'src/main.ts')], port, cwd: this.data });
  }

  /** A hall that has not been started: its folder is chosen, its data is not made. */
  static async prepare(settings: Settings = {}): Promise<Hall> {
    return new Hall(await freePort(), { LOG_LEVEL: 'warn', ...settings });
  }

  /** Starts a hall on a fresh data folder and waits until it is ready. */
  static async start(settings: Settings = {}): Promise<Hall> {
    const hall = await Hall.prepare(settings);
    await hall.startAgain();
    return hall;
  }

  get url(): string {
    return this.#child.url;
  }

  next(): string {
    return this.url;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get vaultKeeper(): number {
    return this.pid;
  }

  get output(): string {
    return this.#child.output;
  }

  ownerCode(): Promise<string> {
    return eventually('the one-time link', () => /\/first\/([\w-]+)/.exec(this.output)?.[1]);
  }

  async rows<Row>(query: string, values: (string | number)[] = []): Promise<Row[]> {
    const database = new DatabaseSync(join(this.data, 'data/hall.db'), { timeout: 5_000 });
    try {
      return database.prepare(query).all(...values) as Row[];
    } finally {
      database.close();
    }
  }

  stop(): Promise<number | null> {
    return this.#child.end('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.#child.end('SIGKILL');
  }

  async startAgain(settings: Settings = {}): Promise<void> {
    this.#settings = { ...this.#settings, ...settings };
    await this.#child.run(this.environment());
  }

  async remove(): Promise<void> {
    await this.#child.end('SIGTERM');
    rmSync(this.data, { recursive: true, force: true });
  }

  environment(): NodeJS.ProcessEnv {
    const ours = { PORT: String(this.#port), HOST: '127.0.0.1', GUILDHALL_DATA: join(this.data, 'data') };
    return { ...bareEnvironment(), ...ours, ...this.#settings };
  }
}
