import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Site } from '#bench/load/site.ts';
import { fill, firstCode, freePort, ready, siteOf, startRole, type Starting } from './hall.ts';
import { ROOT } from './source.ts';

/** Several halls on PostgreSQL, RabbitMQ and Redis, with one room that all serve. */
export interface Deployment {
  sites: Site[];
  halls: Starting[];
  database: string;
  stop(): Promise<void>;
}

interface Engines {
  settings: { DATABASE_URL: string; AMQP_URL: string; REDIS_URL: string };
  remove(): Promise<void>;
}

/** Starts so many halls on engines of their own: found, or started, as the tests find them. */
export async function openDeployment(halls: number, people: number): Promise<Deployment> {
  const { freshEngines } = (await import(new URL('test/support/engines.ts', ROOT).href)) as {
    freshEngines(): Promise<Engines>;
  };
  // What it says of the engines that it found is no result.
  const log = console.log;
  console.log = (words: string) => void process.stderr.write(`  ${words}\n`);
  const engines = await freshEngines();
  console.log = log;
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-bench-'));
  const started: Starting[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((one) => one.stop()));
    await engines.remove();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (let index = 0; index < halls; index++)
      started.push(startRole('hall', { folder, port: await freePort(), env: engines.settings }));
    await Promise.all(started.map(ready));
    const base = `http://127.0.0.1:${started[0]?.port}`;
    const filled = await fill(base, { first: await firstCode(...started), people });
    const sites = started.map(({ port }) => siteOf(port, filled));
    return { sites, halls: started, database: engines.settings.DATABASE_URL, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Seconds of processor time that a process has used. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Per second, on every Linux that Node runs on. */
const TICKS = 100;
