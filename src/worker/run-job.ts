import { outgoingTo } from '#bus/bus.ts';
import type { Clock } from '#core/clock.ts';
import type { AnyJob, JobWork } from '#core/job.ts';
import { whisper, type OutgoingMessage, type Reply } from '#core/message.ts';
import type { Storage } from '#storage/storage.ts';
import { buryJob, closeAnswer, countAttempt, findJob, finishJob, type JobRow } from '#storage/work.ts';

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
export async function runJob(worker: Worker, id: string): Promise<void> {
  const row = await findJob(worker.storage.db, id);
  if (!row || row.state !== 'waiting') return;
  const work = worker.jobs.get(row.name);
  if (!work) return bury(worker, row, undefined, `no handler for ${row.name}`);
  try {
    await finish(worker, row, await attempts(worker, work, row));
  } catch (error) {
    if (worker.stopping.aborted) throw error;
    worker.onFailure?.(row.name, error);
    await bury(worker, row, work.job, reasonOf(error));
  }
}

async function attempts(worker: Worker, work: JobWork, row: JobRow): Promise<Reply> {
  const { job } = work;
  const time = AbortSignal.any([AbortSignal.timeout(timeLeft(worker, work, row)), worker.stopping]);
  for (let attempt = 1; ; attempt++) {
    await worker.storage.write((tx) => countAttempt(tx.db, row.id));
    time.throwIfAborted();
    try {
      return await raced(work.handle(row.payload as never, time), time);
    } catch (error) {
      if (attempt >= job.attempts || time.aborted) throw error;
      await pause((worker.retryMs ?? 500) * 2 ** (attempt - 1), time);
    }
  }
}

/** ms that are left of the job's time. It runs from the asking, so that a queue makes nobody wait longer; after a restart it runs anew. */
function timeLeft(worker: Worker, { job }: JobWork, row: JobRow): number {
  const since = Math.max(row.createdAt, worker.startedAt);
  return Math.min(job.seconds * 1000, Math.max(0, since + job.seconds * 1000 - worker.clock()));
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

async function finish(worker: Worker, row: JobRow, reply: Reply): Promise<void> {
  await worker.storage.write(async (tx) => {
    await finishJob(tx.db, row.id);
    if (await closeAnswer(tx.db, row.id, { state: 'done', reply }))
      await tx.publish(outgoingTo(row.request.to.platform), outgoing(row, reply));
  });
}

async function bury(worker: Worker, row: JobRow, job: AnyJob | undefined, reason: string): Promise<void> {
  const reply = whisper(job ? job.failed(row.payload as never) : 'This could not be done. The operator sees why.');
  await worker.storage.write(async (tx) => {
    await buryJob(tx.db, row.id, reason.slice(0, 500), worker.clock());
    if (await closeAnswer(tx.db, row.id, { state: 'failed', reply }))
      await tx.publish(outgoingTo(row.request.to.platform), outgoing(row, reply));
  });
}

function outgoing(row: JobRow, reply: Reply): OutgoingMessage {
  return { ...row.request, n: 1, final: true, reply };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
