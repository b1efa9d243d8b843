import { sql, type Kysely } from 'kysely';
import type { Schema } from './schema.ts';
import { findJob, type JobRequest, type JobRow } from './work.ts';

/** A job as somebody else names it. */
export interface JobPlace {
  name: string;
  payload: unknown;
  /** The room in which it was asked, or the job's own id. */
  place: string;
}

/** The oldest job that waits for this in this place. */
export async function findOpenJob(db: Kysely<Schema>, wanted: JobPlace): Promise<JobRow | undefined> {
  const own = await findJob(db, wanted.place);
  if (own && own.state === 'waiting' && isIn(own.id, own.request, wanted.place))
    return own.name === wanted.name && JSON.stringify(own.payload) === JSON.stringify(wanted.payload) ? own : undefined;
  const rows = await db
    .selectFrom('jobs')
    .select(['id', 'request'])
    .where('state', '=', 'waiting')
    .where('name', '=', wanted.name)
    .where('payload', '=', JSON.stringify(wanted.payload))
    .where(sql<boolean>`request like ${likeRoom(wanted.place)} escape '\\'`)
    .orderBy('created_at')
    .orderBy('id')
    .limit(LOOKED_AT)
    .execute();
  const found = rows.find(({ id, request }) => isIn(id, JSON.parse(request) as JobRequest, wanted.place));
  return found && findJob(db, found.id);
}

/** Whether a job was asked in that place. One that was asked in no room is a place of its own. */
export function isIn(id: string, { to }: JobRequest, place: string): boolean {
  return (to.room ?? id) === place;
}

/** Those of `ids` that do not wait any more. */
export async function endedJobs(db: Kysely<Schema>, ids: readonly string[]): Promise<string[]> {
  const rows = await db
    .selectFrom('jobs')
    .select('id')
    .where('id', 'in', padded(ids))
    .where('state', '=', 'waiting')
    .execute();
  const waiting = new Set(rows.map(({ id }) => id));
  return ids.filter((id) => !waiting.has(id));
}

/** To the next power of two, so that there are few different statements for the database to remember. */
function padded(ids: readonly string[]): string[] {
  const length = 2 ** Math.ceil(Math.log2(Math.max(1, ids.length)));
  return Array.from({ length }, (_, index) => ids[Math.min(index, ids.length - 1)] ?? '');
}

/** Finds little that is not meant, and all that is. */
function likeRoom(place: string): string {
  return `%"room":${JSON.stringify(place).replace(/[\\%_]/g, '\\$&')}%`;
}

/** Jobs of one name, payload and room that wait at once: people may ask ten times a minute. */
const LOOKED_AT = 100;
