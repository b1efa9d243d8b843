import { sql, type Kysely } from 'kysely';
import { idAt } from '#core/ids.ts';
import { DONE } from './audit.ts';
import { readFact, writeFact } from './instance.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

const HOUR = 3_600_000;
const MINUTE = 60_000;

/** The fact that holds the newest message that was counted. */
const COUNTED = 'activity.counted';

/** Messages that one commit counts: others that write wait for it. */
const COUNTED_AT_ONCE = 1_000;

/**
 * Counts messages since the last time, each once, oldest first, up to those made at `until`: later ones may still come
 * between, as their ids are made before they are committed. False where none is left.
 */
export async function countActivity(db: Db, until: number): Promise<boolean> {
  const last = (await readFact(db, COUNTED)) ?? idAt('msg', until - DAYS_COUNTED * 24 * HOUR);
  const rows = await db
    .selectFrom('messages')
    .innerJoin('rooms', 'rooms.id', 'messages.room_id')
    .select(['messages.id', 'messages.created_at as at', 'rooms.community_id as community'])
    .where('messages.id', '>', last)
    .where('messages.id', '<', idAt('msg', until))
    .orderBy('messages.id')
    .limit(COUNTED_AT_ONCE)
    .execute();
  const newest = rows.at(-1);
  if (!newest) return false;
  for (const [key, posts] of byHour(rows)) {
    const [community, hour] = key.split(' ') as [string, string];
    await addPosts(db, { community, hour: Number(hour), posts });
  }
  await writeFact(db, COUNTED, newest.id);
  return rows.length === COUNTED_AT_ONCE;
}

/** Days before now from which a hall that never counted begins. */
const DAYS_COUNTED = 2;

function byHour(rows: { at: number; community: string }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { at, community } of rows) {
    const key = `${community} ${at - (at % HOUR)}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

async function addPosts(db: Db, { community, hour, posts }: { community: string; hour: number; posts: number }) {
  await db
    .insertInto('activity')
    .values({ community_id: community, hour, posts })
    .onConflict((conflict) =>
      conflict.columns(['community_id', 'hour']).doUpdateSet({ posts: sql<number>`activity.posts + ${posts}` }),
    )
    .execute();
}

/** Notes for the minute of `at` how many jobs of each community wait. Looks at the oldest 10,000. */
export async function sampleWaitingJobs(db: Db, at: number): Promise<void> {
  const rows = await db
    .selectFrom('jobs')
    .select('request')
    .where('state', '=', 'waiting')
    .orderBy('created_at')
    .limit(SAMPLED)
    .execute();
  const counts = new Map<string, number>();
  for (const { request } of rows) {
    const { community } = JSON.parse(request) as { community: string };
    counts.set(community, (counts.get(community) ?? 0) + 1);
  }
  if (counts.size === 0) return;
  // A community may have been deleted with jobs of it in hand.
  const there = await db
    .selectFrom('communities')
    .select('id')
    .where('id', 'in', [...counts.keys()])
    .execute();
  const values = there.map(({ id }) => ({ community_id: id, minute: at - (at % MINUTE), jobs: counts.get(id) ?? 0 }));
  if (values.length === 0) return;
  await db
    .insertInto('waiting_jobs')
    .values(values)
    .onConflict((conflict) => conflict.columns(['community_id', 'minute']).doNothing())
    .execute();
}

const SAMPLED = 10_000;

/** Messages an hour since `since`, by the begin of the hour; hours without any are not there. */
export async function postsByHour(db: Db, community: string, since: number): Promise<Map<number, number>> {
  const rows = await db
    .selectFrom('activity')
    .select(['hour', 'posts'])
    .where('community_id', '=', community)
    .where('hour', '>=', since)
    .execute();
  return new Map(rows.map(({ hour, posts }) => [Number(hour), posts]));
}

/** Jobs that waited, by the begin of the minute; minutes in which none did are not there. */
export async function waitingByMinute(db: Db, community: string, since: number): Promise<Map<number, number>> {
  const rows = await db
    .selectFrom('waiting_jobs')
    .select(['minute', 'jobs'])
    .where('community_id', '=', community)
    .where('minute', '>=', since)
    .execute();
  return new Map(rows.map(({ minute, jobs }) => [Number(minute), jobs]));
}

/** Forgets hours that began before `hours`, and minutes before `minutes`. */
export async function deleteOldActivity(db: Db, before: { hours: number; minutes: number }): Promise<void> {
  await db.deleteFrom('activity').where('hour', '<', before.hours).execute();
  await db.deleteFrom('waiting_jobs').where('minute', '<', before.minutes).execute();
}

/** When commands were asked and how many ms their first answers took, newest first. */
export async function answerTimes(
  db: Db,
  asked: { community: string; since: number; limit: number },
): Promise<{ at: number; ms: number }[]> {
  const rows = await db
    .selectFrom('audit')
    .select(['at', 'detail'])
    .where('community_id', '=', asked.community)
    .where('at', '>=', asked.since)
    .where('action', 'like', 'command.%')
    .where('result', '=', DONE)
    .orderBy('at', 'desc')
    .limit(asked.limit)
    .execute();
  return rows.flatMap(({ at, detail }) => {
    const { ms } = JSON.parse(detail ?? '{}') as { ms?: unknown };
    return typeof ms === 'number' ? [{ at, ms }] : [];
  });
}
