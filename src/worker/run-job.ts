import type { Clock } from '#core/clock.ts';
import type { AnyJob, JobOrigin, JobWork } from '#core/job.ts';
import { AppError } from '#core/errors.ts';
import { whisper, type Reply } from '#core/message.ts';
import type { Storage } from '#storage/storage.ts';
import { countAttempt, findJob, type JobRow } from '#storage/work.ts';
import { answerJob, giveUpJob } from './end-job.ts';

export interface Worker {
  jobs: ReadonlyMap<string, JobWork>;
  storage: Storage;
  clock: Clock;
  /** When this process began, in ms. */
  startedAt: number;
  /** Fires when the process stops; a job under way is done again after the next start. */
  stopping: AbortSignal;
  /** ms between two attempts; the job's own time bounds all attempts together. */
  retryMs?: number;
  onFailure?(job: string, error: unknown): void;
}

/**
 * Does a job: attempts with back-off, all within the job's own time, then the reply goes out with the commit that ends the job.
 * When the last attempt failed, the asker is told in a plain sentence and the job lies with the dead, for the operator to retry.
 */
export async function runJob(worker: Worker, id: string, taken: Taken = { queued: true }): Promise<void> {
  const row = await findJob(worker.storage.db, id);
  if (!row || row.state !== 'waiting') return;
  const work = worker.jobs.get(row.name);
  if (!work) return bury(worker, row, undefined, `no handler for ${row.name}`);
  try {
    await answerJob(worker.storage, row, await attempts(worker, work, { row, taken }));
  } catch (error) {
    // It is done anew: after the next start, or when what is ours is back. Nobody's service failed.
    if (worker.stopping.aborted || isOurOutage(error)) throw error;
    worker.onFailure?.(row.name, error);
    await bury(worker, row, work.job, reasonOf(error));
  }
}

/** How a job came to this worker. */
export interface Taken {
  /** It waited for a place among those that are done at once; else for nothing, or for something of ours that was away. */
  queued: boolean;
}

/** What is said where the database, or the broker of the bridge, is away. */
const OUTAGES = new Set(['not-stored', 'not-ready', 'broker-away']);

/** What is ours cannot be reached: the job is not to blame, and neither is whom it asked. */
function isOurOutage(error: unknown): boolean {
  return error instanceof AppError && OUTAGES.has(error.code);
}

async function attempts(worker: Worker, work: JobWork, asked: { row: JobRow; taken: Taken }): Promise<Reply> {
  const { job } = work;
  const { row } = asked;
  const time = AbortSignal.any([AbortSignal.timeout(timeLeft(worker, work, asked)), worker.stopping]);
  for (let attempt = 1; ; attempt++) {
    await worker.storage.write((tx) => countAttempt(tx.db, row.id));
    time.throwIfAborted();
    try {
      return await raced(work.handle(row.payload as never, time, originOf(row)), time);
    } catch (error) {
      if (attempt >= job.attempts || time.aborted) throw error;
      await pause((worker.retryMs ?? 500) * 2 ** (attempt - 1), time);
    }
  }
}

function originOf({ id, request: { to } }: JobRow): JobOrigin {
  return { id, ...(to.room !== undefined && { room: to.room }) };
}

/**
 * ms that are left of the job's time. Of one that waited for a place it runs from the asking, so that a queue makes nobody
 * wait longer; after a restart, and after an outage of ours, it runs anew.
 */
function timeLeft(worker: Worker, { job }: JobWork, { row, taken }: { row: JobRow; taken: Taken }): number {
  const now = worker.clock();
  const since = taken.queued ? Math.max(row.createdAt, worker.startedAt) : now;
  return Math.min(job.seconds * 1000, Math.max(0, since + job.seconds * 1000 - now));
}

/** A handler that ignores its signal must not hold the answer back. */
function raced<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', late, { once: true });
    // Also where it is late already: what fails after nobody waits any more must not end the process.
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', late));
    if (signal.aborted) late();
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return raced(new Promise((resolve) => setTimeout(resolve, ms)), signal);
}

async function bury(worker: Worker, row: JobRow, job: AnyJob | undefined, reason: string): Promise<void> {
  const reply = whisper(job ? job.failed(row.payload as never) : 'This could not be done. The operator sees why.');
  await giveUpJob(worker.storage, row, { reply, reason, at: worker.clock() });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
