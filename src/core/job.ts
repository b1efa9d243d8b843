import { LIMITS } from './limits.ts';
import type { Reply } from './message.ts';

/** Work done later by a worker. Declared here by name; the handler stands in the feature's `x.handler.ts`. */
export interface Job<Payload> {
  name: string;
  /** Seconds from the asking to the end of the last attempt; after an outage of ours, from when it can be done. */
  seconds: number;
  attempts: number;
  /** Said to the asker alone when the last attempt failed. */
  failed(payload: Payload): string;
}

export type AnyJob = Job<never>;

export function job<Payload>(
  declared: Omit<Job<Payload>, 'seconds' | 'attempts'> & Partial<Job<Payload>>,
): Job<Payload> {
  return { seconds: LIMITS.jobSeconds, attempts: LIMITS.jobAttempts, ...declared };
}

/** The request that a job belongs to. */
export interface JobOrigin {
  /** The same at each attempt, in whichever process. */
  id: string;
  /** Where it was asked, where that is a room. */
  room?: string;
}

/** Does the work. Throws when it cannot; `signal` fires when the job's time is over or the process stops. */
export type JobHandler<Payload> = (payload: Payload, signal: AbortSignal, origin: JobOrigin) => Promise<Reply>;

/** A job with its handler, as a feature hands them over. */
export interface JobWork {
  job: AnyJob;
  handle: JobHandler<never>;
}

export function work<Payload>(declared: Job<Payload>, handle: JobHandler<Payload>): JobWork {
  return { job: declared, handle };
}

/** What a command returns instead of a reply when a worker must answer: first `meanwhile`, then the job's own reply. */
export interface Later {
  job: string;
  payload: unknown;
  meanwhile?: Reply;
}

export function later<Payload>(declared: Job<Payload>, payload: Payload, meanwhile?: Reply): Later {
  return { job: declared.name, payload, ...(meanwhile && { meanwhile }) };
}
