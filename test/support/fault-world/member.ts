import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { bareEnvironment, ROOT } from '#test/support/child.ts';
import type { Settings } from '#test/support/deployment.ts';
import { freePort } from '#test/support/free-port.ts';
import type { Place } from '#test/support/namespaces.ts';

export interface MemberStart {
  /** Such as `hall-1`: its role and which of them. */
  name: string;
  settings: Settings;
  /** Where it runs; on this side where there is none. */
  place: Place | undefined;
  cwd: string;
}

/** One process of the program, on a machine of its own as far as the network goes, to be treated badly. */
export class Member {
  readonly name: string;
  readonly url: string;
  readonly place: Place | undefined;
  readonly #start: MemberStart;
  readonly #port: number;
  #child: ChildProcess | undefined;
  #said = '';

  private constructor(start: MemberStart, port: number) {
    this.#start = start;
    this.#port = port;
    this.name = start.name;
    this.place = start.place;
    this.url = `http://${start.place?.host ?? '127.0.0.1'}:${port}`;
  }

  static async prepare(start: MemberStart): Promise<Member> {
    return new Member(start, await freePort());
  }

  get role(): string {
    return this.name.split('-')[0] ?? '';
  }

  /** The end of what it printed since its first start. */
  get output(): string {
    return this.#said;
  }

  /** Starts it where it does not run; it is ready when `isReady` says so. */
  start(): void {
    if (this.runs) return;
    const { settings, place, cwd } = this.#start;
    const [program = '', ...words] = [...(place?.prefix ?? []), process.execPath, MAIN, '--role', this.role];
    const HOST = place?.host ?? '127.0.0.1';
    const env = { ...bareEnvironment(), PORT: String(this.#port), HOST, ...settings };
    const child = spawn(program, words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (this.#said = `${this.#said}${chunk.toString()}`.slice(-KEPT)));
    this.#child = child;
  }

  /** It answers, and has all that chat needs. */
  async isReady(): Promise<boolean> {
    const ready = await this.health().catch(() => undefined);
    return ready?.status === 200 && ready.notReady.length === 0;
  }

  async health(): Promise<{ status: number; notReady: { name: string; why: string }[] }> {
    const answer = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    const { notReady } = (await answer.json()) as { notReady?: { name: string; why: string }[] };
    return { status: answer.status, notReady: notReady ?? [] };
  }

  get runs(): boolean {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Ends it and gives its exit code; by force where a stop takes longer than it may. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const child = this.#child;
    if (!child || !this.runs) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    const last = setTimeout(() => child.kill('SIGKILL'), LONGEST_STOP_MS);
    child.kill(signal);
    await ended;
    clearTimeout(last);
    return child.exitCode;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal);
  }
}

const MAIN = join(ROOT, 'src/main.ts');

/** Characters of output that are kept. */
const KEPT = 20_000;

/** The program itself says 20 s; a machine that does much else is slower. */
const LONGEST_STOP_MS = 25_000;
