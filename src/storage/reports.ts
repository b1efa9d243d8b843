import type { Kysely, Selectable } from 'kysely';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

export interface Report {
  id: string;
  community: string;
  room: string;
  message: string;
  author: string | null;
  /** The message as it was when it was reported. */
  text: string;
  reason: string;
  madeBy: string;
  madeAt: number;
  /** Where it was said or asked outside the web chat; `room` and `message` are the platform's own ids then. */
  there?: ReportedThere;
}

/** `message`: it can be deleted there. Without one the person was reported. */
export interface ReportedThere {
  platform: string;
  /** The guild, workspace or channel; null in a direct message. */
  space: string | null;
  /** As the space was called. */
  place: string | null;
  /** The platform's id of whom it is about, and as they were called. */
  person: string | null;
  personName: string;
  /** As whoever reported was called. */
  byName: string;
  said: boolean;
}

/** What became of a report. */
export const OUTCOMES = ['deleted', 'muted', 'banned', 'left'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export async function insertReport(db: Db, made: Report): Promise<void> {
  await db
    .insertInto('reports')
    .values({
      id: made.id,
      community_id: made.community,
      room_id: made.room,
      message_id: made.message,
      author_id: made.author,
      text: made.text,
      reason: made.reason,
      made_by: made.madeBy,
      made_at: made.madeAt,
      ...columnsOf(made.there),
    })
    .execute();
}

function columnsOf(there: ReportedThere | undefined) {
  return {
    platform: there?.platform ?? null,
    space: there?.space ?? null,
    place: there?.place ?? null,
    person: there?.person ?? null,
    person_name: there?.personName ?? null,
    by_called: there?.byName ?? null,
    said: there?.said === false ? 0 : 1,
  };
}

/** How many reports of one person wait in a community. */
export async function countReportsBy(db: Db, community: string, by: string): Promise<number> {
  const row = await db
    .selectFrom('reports')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('community_id', '=', community)
    .where('made_by', '=', by)
    .where('settled_at', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Whether this person's report of the message waits already. */
export async function hasReported(db: Db, message: string, by: string): Promise<boolean> {
  const row = await db
    .selectFrom('reports')
    .select('id')
    .where('message_id', '=', message)
    .where('made_by', '=', by)
    .where('settled_at', 'is', null)
    .executeTakeFirst();
  return row !== undefined;
}

export interface ListedReport extends Report {
  roomName: string | null;
  authorName: string | null;
  byName: string | null;
  settledAt: number | null;
  settledBy: string | null;
  outcome: Outcome | null;
}

/** Reports of a community: those that wait from the oldest on, those that are settled from the newest. */
export async function listReports(
  db: Db,
  asked: { community: string; open: boolean; after?: string | undefined; limit: number },
): Promise<ListedReport[]> {
  const { community, open, after, limit } = asked;
  let query = selectReports(db).where('reports.community_id', '=', community).limit(limit);
  query = query.where('reports.settled_at', open ? 'is' : 'is not', null);
  if (after !== undefined) query = query.where('reports.id', open ? '>' : '<', after);
  return (await query.orderBy('reports.id', open ? 'asc' : 'desc').execute()).map(toReport);
}

export async function findReport(db: Db, community: string, id: string): Promise<ListedReport | undefined> {
  const row = await selectReports(db)
    .where('reports.community_id', '=', community)
    .where('reports.id', '=', id)
    .executeTakeFirst();
  return row && toReport(row);
}

export async function countOpenReports(db: Db, community: string): Promise<number> {
  const row = await db
    .selectFrom('reports')
    .select((e) => e.fn.count<number>('message_id').distinct().as('count'))
    .where('community_id', '=', community)
    .where('settled_at', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Settles all reports of the message that wait. False where there is none. */
export async function settleReports(
  db: Db,
  asked: { community: string; message: string; by: string; at: number; outcome: Outcome },
): Promise<boolean> {
  const { community, message, by, at, outcome } = asked;
  const rows = await db
    .updateTable('reports')
    .set({ settled_at: at, settled_by: by, outcome })
    .where('community_id', '=', community)
    .where('message_id', '=', message)
    .where('settled_at', 'is', null)
    .returning('id')
    .execute();
  return rows.length > 0;
}

function selectReports(db: Db) {
  return db
    .selectFrom('reports')
    .leftJoin('rooms', 'rooms.id', 'reports.room_id')
    .leftJoin('accounts as authors', 'authors.id', 'reports.author_id')
    .leftJoin('accounts as reporters', 'reporters.id', 'reports.made_by')
    .selectAll('reports')
    .select(['rooms.name as roomName', 'authors.name as authorName', 'reporters.name as byName']);
}

type Row = Selectable<Schema['reports']> & {
  roomName: string | null;
  authorName: string | null;
  byName: string | null;
};

function toReport(row: Row): ListedReport {
  const { id, text, reason, roomName } = row;
  const there = thereOf(row);
  const authorName = row.authorName ?? row.person_name;
  const byName = row.byName ?? row.by_called;
  return {
    id,
    community: row.community_id,
    room: row.room_id,
    message: row.message_id,
    author: row.author_id,
    text,
    reason,
    madeBy: row.made_by,
    madeAt: row.made_at,
    roomName,
    authorName,
    byName,
    settledAt: row.settled_at,
    settledBy: row.settled_by,
    outcome: row.outcome as Outcome | null,
    ...(there && { there }),
  };
}

function thereOf({ platform, space, place, person, person_name, by_called, said }: Row): ReportedThere | undefined {
  if (platform === null) return undefined;
  const called = { personName: person_name ?? '', byName: by_called ?? '' };
  return { platform, space, place, person, ...called, said: said === 1 };
}
