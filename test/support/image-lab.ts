import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './child.ts';
import { freePort } from './free-port.ts';
import { eventually } from './wait.ts';

const run = promisify(execFile);

/** What a command printed, both streams, and its exit code. */
export interface Ran {
  code: number;
  said: string;
}

/** What an image says of how it is started. https://github.com/moby/docker-image-spec */
export interface ImageConfig {
  User: string;
  Env: string[];
  Entrypoint: string[];
  Cmd: string[];
  WorkingDir: string;
  Healthcheck?: { Test: string[] };
}

/** Debian's packages that build and start images without an engine. */
const PACKAGES = { buildah: 'buildah', debootstrap: 'debootstrap', runc: 'runc' };

/** Installs what is not there; as root on Debian alone. Fails under CI where it cannot, else gives why. */
export async function withoutPackages(wanted: Record<string, string> = PACKAGES): Promise<string | false> {
  const missing = Object.keys(wanted).filter((program) => !inPath(program));
  if (missing.length === 0 && process.getuid?.() === 0) return false;
  const why = `needs root on Debian, for ${Object.values(wanted).join(', ')}`;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    if (process.env['CI'] === 'true') throw new Error(why);
    return why;
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { env });
  const names = missing.map((program) => wanted[program] as string);
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], { env, maxBuffer: MOST });
  return false;
}

/** Bytes of output that are kept of one command. */
const MOST = 64 * 1024 * 1024;

function inPath(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.some((folder) => existsSync(join(folder, program)));
}

/** Builds our image on a Debian of its own, as no registry of images need be reached, and starts it as a container. */
export class ImageLab {
  readonly folder = mkdtempSync(join(tmpdir(), 'guildhall-images-'));
  readonly #containers: Container[] = [];
  #rootfs = '';

  /** A minimal Debian with this very Node and npm in the place where the official image has them. */
  async makeBase(): Promise<void> {
    const base = join(this.folder, 'base');
    await run('debootstrap', ['--variant=minbase', '--include=ca-certificates', 'bookworm', base], { maxBuffer: MOST });
    cpSync(realpathSync(process.execPath), join(base, 'usr/local/bin/node'));
    const npm = dirname(dirname(realpathSync((await run('which', ['npm'])).stdout.trim())));
    cpSync(npm, join(base, 'usr/local/lib/npm'), { recursive: true });
    writeFileSync(join(base, 'usr/local/bin/npm'), '#!/bin/sh\nexec node /usr/local/lib/npm/bin/npm-cli.js "$@"\n', {
      mode: 0o755,
    });
    const bundle = process.env['NODE_EXTRA_CA_CERTS'];
    if (bundle) cpSync(realpathSync(bundle), join(base, 'etc/ssl/certs/ca-certificates.crt'));
    const container = (await this.#buildah('from', 'scratch')).trim();
    await this.#buildah('copy', container, base, '/');
    await this.#buildah('commit', '--rm', container, BASE);
  }

  /** `ops/Dockerfile`, as the operator builds it; npm is told what this machine's npm knows of its registry. */
  async build(): Promise<void> {
    const npmrc = join(this.folder, 'npmrc');
    const registry = (await run('npm', ['config', 'get', 'registry'], { cwd: this.folder })).stdout.trim();
    writeFileSync(npmrc, `registry=${registry}\ncafile=/etc/ssl/certs/ca-certificates.crt\n`, { mode: 0o600 });
    const words = [
      'bud',
      '--format',
      'docker',
      '--build-arg',
      `NODE_IMAGE=${BASE}`,
      '--secret',
      `id=npmrc,src=${npmrc}`,
    ];
    await this.#buildah(...words, '-f', 'ops/Dockerfile', '-t', IMAGE, '.');
    this.#rootfs = (await this.#buildah('mount', (await this.#buildah('from', IMAGE)).trim())).trim();
  }

  /** Where the image's files are to be looked at. */
  get rootfs(): string {
    return this.#rootfs;
  }

  async config(): Promise<ImageConfig> {
    const shown = await this.#buildah('inspect', '--type', 'image', IMAGE);
    return (JSON.parse(shown) as { Docker: { config: ImageConfig } }).Docker.config;
  }

  /** A container as `ops/compose.yaml` has it: the root read-only, no capability, nothing to be gained, `/tmp` in memory. */
  async container(volume: string, settings: Record<string, string>): Promise<Container> {
    const data = join(this.folder, volume);
    if (!existsSync(data)) {
      mkdirSync(data, { mode: 0o700 });
      chownSync(data, USER, USER);
    }
    const made = new Container(join(this.folder, `bundle-${this.#containers.length}`), await freePort());
    await made.prepare({ rootfs: this.#rootfs, data, config: await this.config(), settings });
    this.#containers.push(made);
    return made;
  }

  async close(): Promise<void> {
    for (const one of this.#containers) await one.remove();
    await this.#buildah('umount', '--all').catch(() => '');
    await this.#buildah('rm', '--all').catch(() => '');
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #buildah(...words: string[]): Promise<string> {
    const own = [
      '--root',
      join(this.folder, 'store'),
      '--runroot',
      join(this.folder, 'run'),
      '--storage-driver',
      'vfs',
    ];
    const env = { ...process.env, BUILDAH_ISOLATION: 'chroot' };
    return (await run('buildah', [...own, ...words], { cwd: ROOT, env, maxBuffer: MOST })).stdout;
  }
}

const BASE = 'localhost/guildhall-test-base:1';
const IMAGE = 'localhost/guildhall:test';
const USER = 10_001;

interface Parts {
  rootfs: string;
  data: string;
  config: ImageConfig;
  settings: Record<string, string>;
}

/** One container on this machine's loopback. */
export class Container {
  readonly url: string;
  readonly #bundle: string;
  readonly #name: string;
  readonly #port: number;
  #process: ChildProcess | undefined;
  #said = '';

  constructor(bundle: string, port: number) {
    this.#bundle = bundle;
    this.#name = `guildhall-test-${process.pid}-${port}`;
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  get output(): string {
    return this.#said;
  }

  /** Writes what runc starts. https://github.com/opencontainers/runtime-spec/blob/main/config.md */
  async prepare({ rootfs, data, config, settings }: Parts): Promise<void> {
    mkdirSync(this.#bundle);
    await run('runc', ['spec'], { cwd: this.#bundle });
    const path = join(this.#bundle, 'config.json');
    const { default: spec } = (await import(path, { with: { type: 'json' } })) as { default: Spec };
    const [uid = 0, gid = 0] = config.User.split(':').map(Number);
    const own = { HOST: '127.0.0.1', PORT: String(this.#port), ...settings };
    spec.root = { path: rootfs, readonly: true };
    spec.process = {
      ...spec.process,
      terminal: false,
      user: { uid, gid },
      args: [...config.Entrypoint, ...config.Cmd],
      cwd: config.WorkingDir,
      env: [...config.Env, ...Object.entries(own).map(([name, value]) => `${name}=${value}`)],
      capabilities: {},
      noNewPrivileges: true,
    };
    spec.linux.namespaces = spec.linux.namespaces.filter(({ type }) => type !== 'network');
    spec.mounts = [
      ...spec.mounts.filter(({ type }) => type !== 'cgroup' && type !== 'sysfs'),
      { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['mode=1777', 'size=64m', 'noexec', 'nosuid'] },
      { destination: '/data', type: 'bind', source: data, options: ['rbind', 'rw'] },
    ];
    writeFileSync(path, JSON.stringify(spec));
  }

  start(): void {
    const child = spawn('runc', ['run', '--bundle', this.#bundle, this.#name], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (this.#said += chunk));
  }

  async ready(): Promise<void> {
    await eventually(`the container to be ready; it said ${this.#said}`, async () => {
      const answer = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
      return answer.ok || undefined;
    });
  }

  /** Runs a command inside, as the container's own user. */
  async inside(...words: string[]): Promise<Ran> {
    try {
      const { stdout, stderr } = await run('runc', ['exec', this.#name, ...words]);
      return { code: 0, said: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, said: stdout + stderr };
    }
  }

  /** SIGTERM, as every engine stops a container; gives the exit code and the ms that it took. */
  async stop(): Promise<{ code: number | null; ms: number }> {
    const began = performance.now();
    const ended = this.ended();
    await run('runc', ['kill', this.#name, 'TERM']);
    return { code: await ended, ms: performance.now() - began };
  }

  /** Waits for its end and gives the exit code. */
  async ended(): Promise<number | null> {
    if (!this.#process) throw new Error('the container was not started');
    if (this.#process.exitCode === null) await once(this.#process, 'exit');
    return this.#process.exitCode;
  }

  async remove(): Promise<void> {
    await run('runc', ['delete', '--force', this.#name]).catch(() => undefined);
  }
}

/** The parts of runc's file that are changed. */
interface Spec {
  root: { path: string; readonly: boolean };
  process: Record<string, unknown>;
  linux: { namespaces: { type: string }[] };
  mounts: { destination: string; type: string; source: string; options?: string[] }[];
}
