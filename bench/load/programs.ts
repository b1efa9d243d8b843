import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A program in a process of its own that answers questions by name. */
export interface Program {
  /** Throws where the program answers with an error, ends, or takes longer than `ms`. */
  ask<T>(name: string, value?: unknown, ms?: number): Promise<T>;
  stop(): Promise<void>;
}

/** Starts one of the programs of bench/ with the Node that runs us. `flags` are Node's own. */
export function startProgram(path: URL, flags: string[] = []): Program {
  const child = fork(path, [], { execArgv: flags, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  keep(child);
  const waiting = new Map<number, Waiting>();
  child.on('message', (answer: Answer) => settle(waiting, answer));
  child.once('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${path.pathname} ended with ${code}`));
    waiting.clear();
  });
  return {
    ask: <T>(name: string, value: unknown = null, ms = 60_000) =>
      bounded(name, ms, (resolve, reject) => {
        const id = ++asked;
        waiting.set(id, { resolve, reject });
        child.send({ id, name, value });
      }) as Promise<T>,
    stop: () => stop(child),
  };
}

/** Starts a program that is not ours to talk to. Its words go to our stderr where it ends badly. */
export function startCommand(args: string[], options: { cwd: string; env: NodeJS.ProcessEnv }): Command {
  const child = spawn(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  keep(child);
  let said = '';
  const listen = (chunk: Buffer): void => {
    said = (said + chunk.toString()).slice(-4_000);
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  return { pid: child.pid as number, said: () => said, ended: () => child.exitCode !== null, stop: () => stop(child) };
}

export interface Command {
  pid: number;
  /** The last 4,000 characters of what it wrote. */
  said(): string;
  ended(): boolean;
  stop(): Promise<void>;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

interface Answer {
  id: number;
  value?: unknown;
  error?: string;
}

let asked = 0;
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((one) => one.kill('SIGKILL')));

/** Nothing we started outlives us, whatever ends us. */
function keep(child: ChildProcess): void {
  running.add(child);
  child.once('exit', () => running.delete(child));
}

function settle(waiting: Map<number, Waiting>, answer: Answer): void {
  const one = waiting.get(answer.id);
  waiting.delete(answer.id);
  if (answer.error === undefined) one?.resolve(answer.value);
  else one?.reject(new Error(answer.error));
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(timer);
}

function bounded(
  name: string,
  ms: number,
  work: (resolve: (value: unknown) => void, reject: (error: Error) => void) => void,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${name} took longer than ${ms} ms`)), ms);
    const done = (): void => clearTimeout(timer);
    work(
      (value) => (done(), resolve(value)),
      (error) => (done(), reject(error)),
    );
  });
}
