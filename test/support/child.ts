import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { eventually } from './wait.ts';

/** How a process is started. */
export interface ChildStart {
  /** For who reads a failure, such as `hall-1`. */
  name: string;
  /** The script and its words. */
  words: string[];
  port: number;
  cwd: string;
  /** Told of each line that it prints, when it is whole. */
  onLine?(line: string): void;
}

/** A process of the program on loopback, which listens at a port of its own and tells its health there. */
export class Child {
  readonly name: string;
  readonly url: string;
  readonly #start: ChildStart;
  #process: ChildProcess | undefined;
  #said = '';

  constructor(start: ChildStart) {
    this.name = start.name;
    this.url = `http://127.0.0.1:${start.port}`;
    this.#start = start;
  }

  get pid(): number {
    if (!this.#process?.pid) throw new Error(`${this.name} does not run`);
    return this.#process.pid;
  }

  get runs(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** All that it printed since its first start, both streams. */
  get output(): string {
    return this.#said;
  }

  /** Starts it and waits until it is ready: it answers, and its engines are there. */
  async run(env: NodeJS.ProcessEnv): Promise<void> {
    const { words, cwd } = this.#start;
    const child = spawn(process.execPath, words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) this.#hear(stream);
    try {
      const how = await eventually(`${this.name} to be ready`, () => this.#look(child), START);
      if (how === 'ended') throw new Error(`${this.name} ended with ${child.exitCode} while starting`);
    } catch (error) {
      child.kill('SIGKILL');
      throw new Error(`${(error as Error).message}. It said:\n${this.#said}`, { cause: error });
    }
  }

  /** Ends it, by force where it does not end within 25 s, and gives the exit code. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    const last = setTimeout(() => child.kill('SIGKILL'), LAST_MS);
    child.kill(signal);
    await ended;
    clearTimeout(last);
    return child.exitCode;
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  #hear(stream: Readable): void {
    stream.on('data', (chunk: Buffer) => (this.#said += chunk));
    const { onLine } = this.#start;
    if (onLine) createInterface(stream).on('line', onLine);
  }

  async #look(child: ChildProcess): Promise<'ready' | 'ended' | undefined> {
    if (child.exitCode !== null || child.signalCode !== null) return 'ended';
    const answer = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    if (!answer.ok) return undefined;
    const { notReady } = (await answer.json()) as { notReady: { name: string }[] };
    return notReady.some(({ name }) => ENGINES.has(name)) ? undefined : 'ready';
  }
}

/** A start is a second of work for a processor, and many start at once. To look more often takes from that processor. */
const START = { patienceMs: 60_000, pauseMs: 100 };

/** Longer than the 20 s that a stop may take. */
const LAST_MS = 25_000;

/** What every process needs; that a platform is away, or another process, is no reason to wait. */
const ENGINES = new Set(['rabbitmq', 'redis']);

/** What a child gets of this process's environment: no setting of the developer's leaks in, and nothing is kept in their home. */
export function bareEnvironment(): NodeJS.ProcessEnv {
  const { PATH = '', NODE_COMPILE_CACHE: cache } = process.env;
  return { PATH, XDG_CONFIG_HOME: configHome(), ...(cache ? { NODE_COMPILE_CACHE: cache } : {}) };
}

let config: string | undefined;

/** Where all children of this process keep what the command line keeps for its user. */
export function configHome(): string {
  if (config !== undefined) return config;
  const made = mkdtempSync(join(tmpdir(), 'guildhall-config-'));
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  return (config = made);
}

/** The repository. */
export const ROOT = dirname(dirname(import.meta.dirname));
