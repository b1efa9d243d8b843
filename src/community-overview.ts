import { toRfc3339, type Clock } from '#core/clock.ts';
import { unknown } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { Overview, OverviewPort, TimedFigure } from '#http/hall.ts';
import { answerTimes, postsByHour, waitingByMinute } from '#storage/activity.ts';
import { record } from '#storage/audit.ts';
import { deadOf, deleteDead, reviveJob, waitingOf, type JobRow } from '#storage/work.ts';
import type { Storage, Tx } from '#storage/storage.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** How a community is: what was said, what waits, what failed. Whether one may ask is the route's question. */
export function communityOverview({ storage, clock }: { storage: Storage; clock: Clock }): OverviewPort {
  return {
    activity: async (community) => activity(storage, community, clock()),
    work: async (community) => work(storage, community, clock()),
    retry: ({ community, by, job }) =>
      storage.write(async (tx) => {
        await needFailed(tx, community, job);
        await reviveJob(tx.db, job, clock());
        await tx.publish('jobs', { id: job });
        await record(tx.db, { community, account: by, action: 'job.retry', subject: job, at: clock() });
      }),
    drop: ({ community, by, job }) =>
      storage.write(async (tx) => {
        await needFailed(tx, community, job);
        await deleteDead(tx.db, job);
        await record(tx.db, { community, account: by, action: 'job.drop', subject: job, at: clock() });
      }),
  };
}

/** Messages of each of the last 24 hours, the present one last. */
async function activity({ db }: Storage, community: string, now: number): Promise<TimedFigure[]> {
  const hours = timesUntil(now, HOUR, 24);
  const posts = await postsByHour(db, community, hours[0] ?? 0);
  return hours.map((at) => ({ at: toRfc3339(at), figure: posts.get(at) ?? 0 }));
}

async function work({ db }: Storage, community: string, now: number): Promise<Overview['work']> {
  const minutes = timesUntil(now, MINUTE, 60);
  const since = minutes[0] ?? 0;
  const [waiting, samples, times, failed] = await Promise.all([
    waitingOf(db, community),
    waitingByMinute(db, community, since),
    answerTimes(db, { community, since, limit: LIMITS.timedCommands }),
    deadOf(db, community),
  ]);
  return {
    waiting,
    waited: minutes.map((at) => ({ at: toRfc3339(at), figure: samples.get(at) ?? 0 })),
    answers: medians(times, timesUntil(now, ANSWERS_EVERY, 12)),
    failed: failed.map(shown),
  };
}

/** Begins of the last `count` spans of `ms`, the present one last. */
function timesUntil(now: number, ms: number, count: number): number[] {
  const present = now - (now % ms);
  return Array.from({ length: count }, (_, index) => present - (count - 1 - index) * ms);
}

/** ms of which one median is taken: in a quiet community a minute has no command at all. */
const ANSWERS_EVERY = 5 * MINUTE;

function medians(times: { at: number; ms: number }[], spans: number[]): Overview['work']['answers'] {
  return spans.map((from) => {
    const within = times.filter(({ at }) => at >= from && at < from + ANSWERS_EVERY).map(({ ms }) => ms);
    return { at: toRfc3339(from), figure: median(within) };
  });
}

function median(values: number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

async function needFailed(tx: Tx, community: string, job: string): Promise<void> {
  if (!(await deadOf(tx.db, community)).some(({ id }) => id === job)) throw unknown('job');
}

function shown({ id, name, reason, attempts, failedAt, request }: JobRow): Overview['work']['failed'][number] {
  return {
    id,
    job: name,
    asked: request.cause.text,
    by: request.cause.name,
    platform: request.to.platform,
    reason,
    attempts,
    failedAt: failedAt === null ? null : toRfc3339(failedAt),
  };
}
