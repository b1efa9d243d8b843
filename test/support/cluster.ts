import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { bareEnvironment, Child, ROOT } from './child.ts';
import type { Deployment, Settings } from './deployment.ts';
import { type Engines, freshEngines } from './engines.ts';
import { freePort } from './free-port.ts';
import { serviceCertificates, serviceSettings } from './service-certificates.ts';
import { eventually } from './wait.ts';

export interface ClusterOptions {
  settings?: Settings;
  counts?: Counts;
  /** What is run with `--role` instead of `src/main.ts`; seen from the root of the repository. */
  program?: string;
  /** For tests that end engines: these are used, and not removed. */
  engines?: Engines;
}

/**
 * How many processes of each role; a platform whose settings are there has one. A story leaves out those that have no part
 * in it, as each costs a second of a processor, and asks for the vault where somebody has a secret.
 */
export type Counts = Partial<Record<Role, number>>;

export type Role = 'hall' | 'bot' | 'worker' | 'discord' | 'slack' | 'twitch' | 'vault';

/**
 * The real program in several processes, as an operator runs it on several machines: two halls, two bots, a
 * worker, and each platform whose settings are there, on three engines of its own. The vault is two processes more, so it
 * is there only for stories in which somebody has a secret.
 */
export class Cluster implements Deployment {
  readonly data = mkdtempSync(join(tmpdir(), 'guildhall-cluster-'));
  /** The vault's own folder: the others keep nothing where they run. */
  readonly vaultData = mkdtempSync(join(tmpdir(), 'guildhall-cluster-vault-'));
  readonly engines: Engines;
  /** By name: `hall-1`, `hall-2`, `bot-1` …, in the order of their start. */
  readonly children: ReadonlyMap<string, Child>;
  #settings: Settings;
  readonly #ports: ReadonlyMap<string, number>;
  readonly #shared: boolean;
  /** How each reaches the vault; the port is undefined where there is none. */
  readonly #vault: { port: number | undefined; certificates: string };
  #turn = 0;
  /** Lines of all of them, as they came. */
  #said = '';

  private constructor({ engines, ports, vault }: Prepared, { settings = {}, program, engines: given }: ClusterOptions) {
    this.engines = engines;
    this.#ports = ports;
    this.#vault = vault;
    this.#settings = { LOG_LEVEL: 'warn', ...settings, ...engines.settings };
    this.#shared = given !== undefined;
    const script = join(ROOT, program ?? 'src/main.ts');
    const onLine = (line: string): void => void (this.#said += `${line}\n`);
    const child = ([name, port]: [string, number]): [string, Child] => [
      name,
      new Child({ name, words: [scriptOf(name, script), '--role', roleOf(name)], port, cwd: this.data, onLine }),
    ];
    this.children = new Map([...ports].map(child));
  }

  static async prepare(options: ClusterOptions = {}): Promise<Cluster> {
    const names = namesOf(options);
    const engines = options.engines ?? (await freshEngines());
    const ports = new Map<string, number>();
    for (const name of names) ports.set(name, await freePort());
    const port = ports.has(VAULT) ? await freePort() : undefined;
    const certificates = port === undefined ? '' : await serviceCertificates();
    return new Cluster({ engines, ports, vault: { port, certificates } }, options);
  }

  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const cluster = await Cluster.prepare(options);
    try {
      await cluster.startAgain();
      return cluster;
    } catch (error) {
      await cluster.remove();
      throw error;
    }
  }

  /** One of its processes; throws where there is none of that name. */
  child(name: string): Child {
    const found = this.children.get(name);
    if (!found) throw new Error(`there is no process ${name}, only ${[...this.children.keys()].join(', ')}`);
    return found;
  }

  /** The addresses of its halls. */
  get urls(): string[] {
    return [...this.children].flatMap(([name, { url }]) => (roleOf(name) === 'hall' ? [url] : []));
  }

  get url(): string {
    return this.child('hall-1').url;
  }

  next(): string {
    const { urls } = this;
    return urls[this.#turn++ % urls.length] as string;
  }

  get pid(): number {
    return this.child('hall-1').pid;
  }

  get vaultKeeper(): number {
    return this.child(VAULT).pid;
  }

  get output(): string {
    return this.#said;
  }

  ownerCode(): Promise<string> {
    return eventually('the one-time link', () => /\/first\/([\w-]+)/.exec(this.output)?.[1]);
  }

  async rows<Row>(query: string, values: (string | number)[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.engines.settings.DATABASE_URL });
    await client.connect();
    try {
      let n = 0;
      const { rows } = await client.query(
        query.replaceAll('?', () => `$${++n}`),
        values,
      );
      return rows as Row[];
    } finally {
      await client.end();
    }
  }

  async stop(): Promise<number | null> {
    const codes = await this.#all((child) => child.end('SIGTERM'));
    return codes.find((code) => code !== 0) ?? 0;
  }

  async kill(): Promise<void> {
    await this.#all((child) => child.end('SIGKILL'));
  }

  /** Starts those that do not run. */
  async startAgain(settings: Settings = {}): Promise<void> {
    this.#settings = { ...this.#settings, ...settings };
    await inTurn(() => this.#all((child) => (child.runs ? Promise.resolve() : this.run(child.name))));
  }

  /** Starts one of its processes. */
  run(name: string): Promise<void> {
    return this.child(name).run(this.#environmentOf(name));
  }

  async remove(): Promise<void> {
    await this.kill();
    if (!this.#shared) await this.engines.remove();
    for (const folder of [this.data, this.vaultData]) rmSync(folder, { recursive: true, force: true });
  }

  environment(): NodeJS.ProcessEnv {
    return this.#environmentOf('hall-1');
  }

  #environmentOf(name: string): NodeJS.ProcessEnv {
    const ours = { PORT: String(this.#ports.get(name)), HOST: '127.0.0.1' };
    return { ...bareEnvironment(), ...ours, ...this.#vaultSettings(name), ...this.#settings };
  }

  #vaultSettings(name: string): Settings {
    const { port, certificates } = this.#vault;
    if (port === undefined) return {};
    const own = serviceSettings(certificates, roleOf(name));
    if (name !== VAULT) return { VAULT_URL: `https://127.0.0.1:${port}`, ...own };
    return { VAULT_LISTEN: `127.0.0.1:${port}`, GUILDHALL_DATA: this.vaultData, ...own };
  }

  #all<T>(act: (child: Child) => Promise<T>): Promise<T[]> {
    return Promise.all([...this.children.values()].map(act));
  }
}

interface Prepared {
  engines: Engines;
  ports: Map<string, number>;
  vault: { port: number | undefined; certificates: string };
}

const VAULT = 'vault-1';

/** The vault has no feature: it is always the program itself. */
function scriptOf(name: string, script: string): string {
  return name === VAULT ? join(ROOT, 'src/main.ts') : script;
}

/** In one test file clusters start one after the other: what one needs of the machine makes it as busy as it gets. */
let starting: Promise<void> = Promise.resolve();

async function inTurn(start: () => Promise<unknown>): Promise<void> {
  const before = starting;
  const mine = before.then(async () => void (await start()));
  starting = mine.catch(() => undefined);
  await mine;
}

const roleOf = (name: string): string => name.split('-')[0] ?? '';

const COUNTS = { hall: 2, bot: 2, worker: 1, vault: 0 };

/** The setting without which a platform is skipped. */
const PLATFORMS = { discord: 'DISCORD_TOKEN', slack: 'SLACK_BOT_TOKEN', twitch: 'TWITCH_CLIENT_ID' };

function namesOf({ settings = {}, counts = {} }: ClusterOptions): string[] {
  const platforms = Object.entries(PLATFORMS).filter(([, setting]) => settings[setting] !== undefined);
  const all = { ...COUNTS, ...Object.fromEntries(platforms.map(([name]) => [name, 1])), ...counts };
  return Object.entries(all).flatMap(([role, count]) => Array.from({ length: count }, (_, n) => `${role}-${n + 1}`));
}
