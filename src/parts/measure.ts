import { performance, type EventLoopUtilization } from 'node:perf_hooks';
import { every } from '#core/every.ts';
import { LIMITS } from '#core/limits.ts';
import { INSTANCE, noteFigures } from '#storage/minute-figures.ts';
import { readQueueFacts } from '#storage/look-inside.ts';
import type { Part, Site } from './site.ts';

/**
 * Notes each minute how this process is: `memory` in bytes, `busy` in per mille of its time. One of several notes what waits:
 * `jobs`, and `outbox`, which is committed and not yet taken.
 */
export function measurePart({ id, storage, clock, logger, leases }: Site): Part {
  let before: EventLoopUtilization | undefined;
  const measure = async (): Promise<void> => {
    const now = performance.eventLoopUtilization();
    // The start itself is no minute to judge by.
    const figures = { memory: process.memoryUsage.rss(), ...(before && { busy: busyOf(now, before) }) };
    before = now;
    const queues = (leases?.holds('relay') ?? true) ? await waiting(storage.db) : undefined;
    const at = clock();
    await storage.write(async (tx) => {
      await noteFigures(tx.db, { of: id, at, figures });
      if (queues) await noteFigures(tx.db, { of: INSTANCE, at, figures: queues });
    });
  };
  const failed = (err: unknown): void => logger.warn({ err }, 'how the process is was not noted');
  // At once, so that whoever looks in the first minute sees something.
  const first = measure().catch(failed);
  const end = every(LIMITS.measureEvery, measure, failed);
  return {
    health: () => [],
    async stop() {
      end();
      await first;
    },
  };
}

/** Per mille of the time between two looks in which JavaScript ran. https://nodejs.org/api/perf_hooks.html */
function busyOf(now: EventLoopUtilization, before: EventLoopUtilization): number {
  return performance.eventLoopUtilization(now, before).utilization * 1_000;
}

async function waiting(db: Site['storage']['db']): Promise<{ jobs: number; outbox: number }> {
  const facts = await readQueueFacts(db);
  const sum = (isJobs: boolean): number =>
    facts.filter(({ name }) => (name === 'jobs') === isJobs).reduce((all, one) => all + one.waiting, 0);
  return { jobs: sum(true), outbox: sum(false) };
}
