import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './child.ts';
import type { Ran } from './image-lab.ts';

const run = promisify(execFile);

/** Programs that `compose-stage.ts` starts, by Debian's packages. */
export const SPLIT_PACKAGES = {
  caddy: 'caddy',
  curl: 'curl',
  ip: 'iproute2',
  nsenter: 'util-linux',
  psql: 'postgresql',
  'rabbitmq-server': 'rabbitmq-server',
  'redis-server': 'redis-server',
  wget: 'wget',
};

/** One container of the stage. */
export interface Placed {
  name: string;
  kind: string;
  user: string;
  addresses: Record<string, string>;
  /** Its whole environment. */
  env: Record<string, string>;
  /** The health check, as the compose file has it. */
  test: string[];
}

/** The services of `ops/compose.split.yaml` in namespaces of the test's own, with fresh secrets and empty volumes. */
export class SplitStage {
  readonly folder = mkdtempSync(join(tmpdir(), 'guildhall-split-'));
  instances: Placed[] = [];
  readonly #services: string[];
  #stage: ChildProcess | undefined;

  constructor(services: string[]) {
    this.#services = services;
  }

  async open(): Promise<void> {
    const ops = join(this.folder, 'ops');
    cpSync(join(ROOT, 'ops'), ops, { recursive: true, filter: (path) => !path.endsWith('/secrets') });
    // The Caddy that Debian has knows the word that this one took the place of.
    const caddyfile = join(ops, 'split/Caddyfile');
    writeFileSync(caddyfile, readFileSync(caddyfile, 'utf8').replaceAll('tls_trust_pool file', 'tls_trusted_ca_certs'));
    await run(process.execPath, [join(ROOT, 'ops/prepare.ts'), join(ops, 'secrets')]);
    const words = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];
    const program = [process.execPath, join(ROOT, 'test/support/compose-stage.ts'), this.folder, ...this.#services];
    const stage = spawn('unshare', [...words, ...program], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#stage = stage;
    const [said] = (await Promise.race([once(stage.stdout, 'data'), once(stage, 'exit')])) as [Buffer | number];
    if (!String(said).startsWith('started')) throw new Error(`the stage ended with ${said}`);
    this.instances = JSON.parse(readFileSync(join(this.folder, 'instances.json'), 'utf8')) as Placed[];
  }

  async close(): Promise<void> {
    const stage = this.#stage;
    if (stage && stage.exitCode === null && stage.signalCode === null) {
      const ended = once(stage, 'exit');
      stage.stdin?.end();
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** All that a container, or all of a service, printed. */
  log(name: string): string {
    const logs = join(this.folder, 'logs');
    const files = readdirSync(logs).filter((file) => file.startsWith(name));
    return files.map((file) => readFileSync(join(logs, file), 'utf8')).join('\n');
  }

  addressOf(name: string, network?: string): string {
    const { addresses = {} } = this.instances.find((one) => one.name === name) ?? {};
    return (network === undefined ? Object.values(addresses)[0] : addresses[network]) ?? '';
  }

  /** Runs a program of this machine with a container's network and nothing else of it. */
  inside(name: string, words: string[]): Promise<Ran> {
    return this.#enter(['ip', 'netns', 'exec', name, ...words]);
  }

  /** Asks as the engine would: the health check of the compose file, in the container, as its user. */
  async isWell({ name, test: [way, ...words] }: Placed): Promise<boolean> {
    const asked = way === 'CMD-SHELL' ? ['sh', '-c', ...words] : words.map((word) => this.#inImage(word));
    return (await this.inContainer(name, asked)).code === 0;
  }

  /** Runs a program in the container, as its user and with its environment. */
  async inContainer(name: string, words: string[]): Promise<Ran> {
    const pid = await this.#pidOf(name);
    const placed = this.instances.find((one) => one.name === name);
    if (pid === undefined || !placed) return { code: 1, said: `${name} does not run` };
    const [uid = '', gid = ''] = placed.user.split(':');
    const settings = Object.entries(placed.env).map(([setting, value]) => `${setting}=${value}`);
    const asUser = ['setpriv', '--reuid', uid, '--regid', gid, '--clear-groups', 'env', '-i', ...settings];
    return this.#enter(['nsenter', '-t', String(pid), '-m', '-n', '-r', '-w', ...asUser, ...words]);
  }

  /** What the image has elsewhere. */
  #inImage(word: string): string {
    return word === 'node' ? process.execPath : word.replace(/^\/app\//, `${ROOT}/`);
  }

  /** A call from the world by Caddy's published port, with its certificate believed. */
  async fromOutside(
    path: string,
    { method, body, token }: { method: string; body?: object; token?: string },
  ): Promise<{ status: number; text: string }> {
    const words = [
      'curl',
      '--silent',
      '--insecure',
      '--max-time',
      '40',
      '--request',
      method,
      '--write-out',
      '\n%{http_code}',
    ];
    const to = ['--connect-to', `localhost:443:${this.addressOf('caddy-1', 'front')}:8443`, `https://localhost${path}`];
    const auth = token ? ['--header', `authorization: Bearer ${token}`] : [];
    const data = body ? ['--header', 'content-type: application/json', '--data', JSON.stringify(body)] : [];
    const { said } = await this.inside('world', [...words, ...auth, ...data, ...to]);
    const lines = said.trimEnd().split('\n');
    return { status: Number(lines.at(-1)), text: lines.slice(0, -1).join('\n') };
  }

  async reaches(from: string, address: string, port: number): Promise<boolean> {
    return (await this.inside(from, ['timeout', '2', 'bash', '-c', `</dev/tcp/${address}/${port}`])).code === 0;
  }

  async kill(name: string, signal: 'TERM' | 'KILL'): Promise<void> {
    await this.#enter(['kill', `-${signal}`, String(await this.#pidOf(name))]);
  }

  async runs(name: string): Promise<boolean> {
    return (await this.#pidOf(name)) !== undefined;
  }

  /** The first process in its network, as the stage counts them. */
  async #pidOf(name: string): Promise<number | undefined> {
    const { said } = await this.#enter(['ip', 'netns', 'pids', name]);
    const pids = said.trim().split('\n').filter(Boolean).map(Number);
    return pids.length > 0 ? Math.min(...pids) : undefined;
  }

  async #enter(words: string[]): Promise<Ran> {
    const outer = this.#stage?.pid;
    const inner = readFileSync(`/proc/${outer}/task/${outer}/children`, 'utf8').trim();
    try {
      const { stdout, stderr } = await run('nsenter', ['-t', inner, '-m', '-n', '-p', ...words]);
      return { code: 0, said: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, said: stdout + stderr };
    }
  }
}
