import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startCommand, startProgram, type Command } from '#bench/load/programs.ts';
import type { Site } from '#bench/load/site.ts';
import { ROOT } from './source.ts';

/** A folder of data with people and a room in it, on which a hall is started as often as needed. */
export interface HallData {
  folder: string;
  room: string;
  tokens: string[];
  remove(): void;
}

export interface RunningHall {
  port: number;
  pid: number;
  stop(): Promise<void>;
}

const PASSWORD = 'benchmark-password';

/** Makes the data by way of the program itself: the owner by the first link, `people` members by open sign-up, a room. */
export async function makeHall(people: number): Promise<HallData> {
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-bench-'));
  const command = startHall(folder, await freePort());
  try {
    await ready(command);
    const first = await firstCode(command);
    const filled = await fill(`http://127.0.0.1:${command.port}`, { first, people });
    return { folder, ...filled, remove: () => rmSync(folder, { recursive: true, force: true }) };
  } finally {
    await command.stop();
  }
}

/** Starts `src/main.ts` as `npm start` does; resolves when /health/ready says 200. */
export async function openHall(folder: string): Promise<RunningHall> {
  const command = startHall(folder, await freePort());
  await ready(command);
  return command;
}

/** The same hall put together in another way: its store in memory, or a commit per work. */
export async function openVariant(
  people: number,
  options: { database: 'memory' | 'file'; batch?: number },
): Promise<Variant> {
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-bench-'));
  const program = startProgram(new URL('../hall-variant.ts', import.meta.url));
  const end = async (): Promise<void> => {
    await program.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const database = options.database === 'memory' ? ':memory:' : join(folder, 'guildhall.db');
    const { port, first } = await program.ask<{ port: number; first: string }>('open', {
      folder,
      database,
      batch: options.batch,
    });
    return { site: siteOf(port, await fill(`http://127.0.0.1:${port}`, { first, people })), stop: end };
  } catch (error) {
    await end();
    throw error;
  }
}

export interface Variant {
  site: Site;
  stop(): Promise<void>;
}

/** How the load clients talk to a hall. */
export function siteOf(port: number, { room, tokens }: Pick<HallData, 'room' | 'tokens'>): Site {
  return {
    port,
    path: '/v1/live',
    tokens,
    greeting: [{ say: JSON.stringify({ type: 'subscribe', room }) }, { until: '"subscribed"' }],
    delivery: { at: 9, bytes: 'mess' },
    acknowledgement: { at: 9, bytes: 'post' },
    post: JSON.stringify({ type: 'post', room, text: 'TEXT', clientId: 'CLIENT' }),
  };
}

/** Settings of every hall that is measured: limits so wide that none is met. */
export const SETTINGS = {
  HOST: '127.0.0.1',
  SIGNUP: 'open',
  POST_LIMIT: '1000000/1',
  READ_LIMIT: '1000000/1',
  COMMAND_LIMIT: '1000000/1',
  SIGNUP_LIMIT: '1000000/1',
  LOG_LEVEL: 'error',
};

export type Starting = Command & { port: number };

function startHall(folder: string, port: number): Starting {
  return startRole('all', { folder, port, env: {} });
}

/** Starts `src/main.ts` in a role; `env` are settings beside those of every hall that is measured. */
export function startRole(
  role: string,
  { folder, port, env }: { folder: string; port: number; env: NodeJS.ProcessEnv },
): Starting {
  const own = { PATH: process.env.PATH, PORT: String(port), GUILDHALL_DATA: join(folder, 'data') };
  const program = fileURLToPath(new URL('src/main.ts', ROOT));
  const command = startCommand([program, '--role', role], { cwd: folder, env: { ...own, ...SETTINGS, ...env } });
  return Object.assign(command, { port });
}

/** Resolves when /health/ready says 200. */
export async function ready(command: Starting): Promise<void> {
  const end = performance.now() + 20_000;
  while (performance.now() < end) {
    if (command.ended()) break;
    const answer = await fetch(`http://127.0.0.1:${command.port}/health/ready`).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.status === 200) return;
    await sleep(5);
  }
  await command.stop();
  throw new Error(`the hall did not come up:\n${command.said()}`);
}

/** The code of the owner's link, which is written a moment after the hall is open. */
export async function firstCode(...commands: Command[]): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    const code = /\/first\/([A-Z0-9-]+)/.exec(commands.map((one) => one.said()).join('\n'))?.[1];
    if (code !== undefined) return code;
    await sleep(10);
  }
  throw new Error(`no hall gave a link for its owner:\n${commands.map((one) => one.said()).join('\n')}`);
}

/** Signs up the owner and the people, a few at a time, and makes the room. */
export async function fill(
  base: string,
  { first, people }: { first: string; people: number },
): Promise<{ room: string; tokens: string[] }> {
  const owner = await person(base, 'owner', first);
  const made = await call<{ id: string }>(`${base}/v1/rooms`, { name: 'bench' }, owner);
  const tokens: string[] = [];
  for (let from = 0; from < people; from += 10) {
    const ten = Array.from({ length: Math.min(10, people - from) }, (_, index) =>
      person(base, `person${from + index}`),
    );
    tokens.push(...(await Promise.all(ten)));
  }
  return { room: made.id, tokens };
}

async function person(base: string, username: string, invite?: string): Promise<string> {
  await call(`${base}/v1/accounts`, { username, password: PASSWORD, ...(invite && { invite }) });
  return (await call<{ token: string }>(`${base}/v1/sessions`, { username, password: PASSWORD })).token;
}

async function call<T>(address: string, body: object, token?: string): Promise<T> {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(address, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${address} said ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
