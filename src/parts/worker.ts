import type { JobWork } from '#core/job.ts';
import { LIMITS } from '#core/limits.ts';
import { runJob } from '#worker/run-job.ts';
import type { Part, Site } from './site.ts';

/** The worker: does the jobs, many at once, with whoever else does. `instead`: ways of doing some that replace the features' own. */
export function workerPart({ storage, clock, logger, bus, features }: Site, instead: readonly JobWork[] = []): Part {
  const stopping = new AbortController();
  const jobs = new Map<string, JobWork>(
    [...features.flatMap((feature) => feature.jobs), ...instead].map((work) => [work.job.name, work]),
  );
  const onFailure = (job: string, err: unknown): void => logger.warn({ job, err }, 'a job failed');
  const worker = { jobs, storage, clock, startedAt: clock(), stopping: stopping.signal, onFailure };
  let inHand = 0;
  const take = async (body: unknown): Promise<void> => {
    const queued = ++inHand >= LIMITS.jobConcurrency;
    try {
      await runJob(worker, (body as { id: string }).id, { queued });
    } finally {
      inHand--;
    }
  };
  const taken = bus.subscribe('jobs', take, LIMITS.jobConcurrency);
  return {
    health: () => [],
    async stop(graceMs) {
      // What is not done by then is done again after the next start, or by another worker.
      const timer = setTimeout(() => stopping.abort(), graceMs);
      await taken.stop(graceMs);
      clearTimeout(timer);
      stopping.abort();
    },
  };
}
