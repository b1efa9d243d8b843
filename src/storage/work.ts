import { sql, type Kysely, type RawBuilder, type Updateable } from 'kysely';
import type { OutgoingMessage, Refusal, Reply } from '#core/message.ts';
import { hot } from './hot.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

type ReceivedColumns = [id: string, request: string, digest: string, at: number];

const insertReceived = hot<ReceivedColumns, { id: string }>(4, (db, [id, request, digest, at]) =>
  db
    .insertInto('inbox')
    .values({ id, request, digest, at })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id'),
);

export interface Received {
  /** The platform's own id of a message. */
  id: string;
  /** What it becomes here. */
  request: string;
  /** Of what it asks, to tell a repeat from another message under the same id. */
  digest: string;
  at: number;
}

/** Records that a message was received. A second delivery gets the first one's request and digest. */
export async function receiveOnce(
  db: Db,
  received: Received,
): Promise<{ request: string; digest: string; fresh: boolean }> {
  const { id, request, digest, at } = received;
  const rows = await insertReceived(db, id, request, digest, at);
  if (rows.length === 1) return { request, digest, fresh: true };
  const first = await db
    .selectFrom('inbox')
    .select(['request', 'digest'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return { ...first, fresh: false };
}

const insertDelivered = hot<[id: string, at: number], { id: string }>(2, (db, [id, at]) =>
  db
    .insertInto('deliveries')
    .values({ id, at })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id'),
);

/** Records that an answer was sent. False where it was before. */
export async function deliverOnce(db: Db, id: string, at: number): Promise<boolean> {
  return (await insertDelivered(db, id, at)).length === 1;
}

/** Whether an answer, or a part of one, was sent. */
export async function wasDelivered(db: Db, id: string): Promise<boolean> {
  return (await db.selectFrom('deliveries').select('id').where('id', '=', id).executeTakeFirst()) !== undefined;
}

export interface Answer {
  id: string;
  account: string;
  state: 'waiting' | 'done' | 'failed';
  reply: Reply | null;
  refusal?: Refusal;
}

/** A request that waits for its answer. */
export const openAnswer = hot<[id: string, account: string, at: number], never>(3, (db, [id, account, at]) =>
  db.insertInto('answers').values({ id, account_id: account, state: 'waiting', reply: null, created_at: at }),
);

const updateAnswer = hot<[id: string, state: string, reply: string], { id: string }>(3, (db, [id, state, reply]) =>
  db.updateTable('answers').set({ state, reply }).where('id', '=', id).where('state', '=', 'waiting').returning('id'),
);

/** Keeps the final answer. False where the request was answered before, so that no request is answered twice. */
export async function closeAnswer(
  db: Db,
  id: string,
  answer: Pick<Answer, 'state' | 'refusal'> & { reply: Reply },
): Promise<boolean> {
  const { state, reply, refusal } = answer;
  return (await updateAnswer(db, id, state, JSON.stringify({ reply, refusal }))).length === 1;
}

const updateUnlessJob = hot<[id: string, state: string, reply: string], { id: string }>(3, (db, [id, state, reply]) =>
  db
    .updateTable('answers')
    .set({ state, reply })
    .where('id', '=', id)
    .where('state', '=', 'waiting')
    .where(({ not, exists, selectFrom }) => not(exists(selectFrom('jobs').select('jobs.id').where('jobs.id', '=', id))))
    .returning('id'),
);

/** Keeps the spine's own answer. False where the request has one, or a job that will give it: a repeat decides nothing. */
export async function answerOnce(
  db: Db,
  id: string,
  { reply, refusal }: { reply: Reply; refusal?: Refusal },
): Promise<boolean> {
  return (await updateUnlessJob(db, id, 'done', JSON.stringify({ reply, refusal }))).length === 1;
}

export async function findAnswer(db: Db, id: string): Promise<Answer | undefined> {
  const row = await db.selectFrom('answers').selectAll().where('id', '=', id).executeTakeFirst();
  if (!row) return undefined;
  const kept = row.reply === null ? { reply: null } : (JSON.parse(row.reply) as Pick<Answer, 'reply' | 'refusal'>);
  return { id, account: row.account_id, state: row.state as Answer['state'], ...kept };
}

/** What a job carries: its answer's way back. */
export type JobRequest = Omit<OutgoingMessage, 'n' | 'final' | 'reply'>;

export interface JobRow {
  id: string;
  name: string;
  payload: unknown;
  request: JobRequest;
  state: 'waiting' | 'done' | 'dead';
  attempts: number;
  reason: string | null;
  createdAt: number;
  failedAt: number | null;
}

/** False where the request has its job already. */
export async function insertJob(
  db: Db,
  made: { id: string; name: string; payload: unknown; request: JobRequest; at: number },
): Promise<boolean> {
  const rows = await db
    .insertInto('jobs')
    .values({
      id: made.id,
      name: made.name,
      payload: JSON.stringify(made.payload),
      request: JSON.stringify(made.request),
      state: 'waiting',
      attempts: 0,
      created_at: made.at,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .execute();
  return rows.length === 1;
}

export async function findJob(db: Db, id: string): Promise<JobRow | undefined> {
  const row = await db.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toJob(row);
}

export async function countAttempt(db: Db, id: string): Promise<void> {
  await db
    .updateTable('jobs')
    .set((e) => ({ attempts: e('attempts', '+', 1) }))
    .where('id', '=', id)
    .execute();
}

/** False where it had ended before, in whichever process: then it stays as it ended. */
export async function finishJob(db: Db, id: string): Promise<boolean> {
  return endJob(db, id, { state: 'done' });
}

/** False where it had ended before: what was answered is not buried. */
export async function buryJob(db: Db, id: string, reason: string, at: number): Promise<boolean> {
  return endJob(db, id, { state: 'dead', reason, failed_at: at });
}

async function endJob(db: Db, id: string, end: Updateable<Schema['jobs']>): Promise<boolean> {
  const query = db.updateTable('jobs').set(end).where('id', '=', id).where('state', '=', 'waiting');
  return (await query.returning('id').execute()).length === 1;
}

/** Jobs whose last attempt failed, newest first, 200 at most. */
export async function listDead(db: Db): Promise<JobRow[]> {
  const rows = await db
    .selectFrom('jobs')
    .selectAll()
    .where('state', '=', 'dead')
    .orderBy('failed_at', 'desc')
    .limit(200)
    .execute();
  return rows.map(toJob);
}

/** Those that were asked in one community, newest first. */
export async function deadOf(db: Db, community: string): Promise<JobRow[]> {
  const rows = await ofCommunity(db, community, 'dead').selectAll().orderBy('failed_at', 'desc').limit(200).execute();
  return rows.map(toJob).filter(({ request }) => request.community === community);
}

/** Jobs that wait now, of those that were asked in one community. */
export async function waitingOf(db: Db, community: string): Promise<number> {
  const { count } = await ofCommunity(db, community, 'waiting')
    .select((e) => e.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Finds what is meant, and what was asked with the same letters elsewhere. */
function ofCommunity(db: Db, community: string, state: JobRow['state']) {
  const holds = `%"community":${JSON.stringify(community).replace(/[\\%_]/g, '\\$&')}%`;
  return db
    .selectFrom('jobs')
    .where('state', '=', state)
    .where(sql<boolean>`request like ${holds} escape '\\'`);
}

/** Puts a dead job back, as if it were asked for now. */
export async function reviveJob(db: Db, id: string, at: number): Promise<JobRow | undefined> {
  const rows = await db
    .updateTable('jobs')
    .set({ state: 'waiting', attempts: 0, reason: null, failed_at: null, created_at: at })
    .where('id', '=', id)
    .where('state', '=', 'dead')
    .returningAll()
    .execute();
  if (!rows[0]) return undefined;
  await db.updateTable('answers').set({ state: 'waiting', reply: null }).where('id', '=', id).execute();
  return toJob(rows[0]);
}

export async function deleteDead(db: Db, id: string): Promise<boolean> {
  const rows = await db.deleteFrom('jobs').where('id', '=', id).where('state', '=', 'dead').returning('id').execute();
  return rows.length === 1;
}

/** Forgets answers older than `before` for platforms that are not served any more. Gives how many. */
export async function deleteUnserved(db: Db, before: number, served: readonly string[]): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('outbox')
    .where('created_at', '<', before)
    .where('channel', 'like', 'outgoing.%')
    .where('channel', 'not in', [...served])
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Records that one commit forgets: others that write wait for it. */
const FORGOTTEN_AT_ONCE = 1_000;

/** Forgets some of the records that are older than `before`; dead jobs stay until somebody decides. False where none is left. */
export async function deleteOldRecords(db: Db, before: number): Promise<boolean> {
  const counts = [
    await deleteSome(db, 'inbox', sql`at < ${before}`),
    await deleteSome(db, 'deliveries', sql`at < ${before}`),
    await deleteSome(db, 'answers', sql`created_at < ${before}`),
    await deleteSome(db, 'jobs', sql`created_at < ${before} and state = 'done'`),
  ];
  return counts.some((count) => count === FORGOTTEN_AT_ONCE);
}

async function deleteSome(db: Db, table: string, old: RawBuilder<unknown>): Promise<number> {
  const some = sql`select id from ${sql.table(table)} where ${old} limit ${sql.lit(FORGOTTEN_AT_ONCE)}`;
  const { numAffectedRows } = await sql`delete from ${sql.table(table)} where id in (${some})`.execute(db);
  return Number(numAffectedRows ?? 0);
}

export interface OutboxRow {
  n: number;
  body: string;
}

/** The next rows of a channel, in the order of their numbers. */
export const readOutbox = hot<[channel: string, after: number, limit: number], OutboxRow>(
  3,
  (db, [channel, after, limit]) =>
    db
      .selectFrom('outbox')
      .select(['n', 'body'])
      .where('channel', '=', channel)
      .where('n', '>', after)
      .orderBy('n')
      .limit(limit),
);

export interface WaitingRow extends OutboxRow {
  channel: string;
}

/** The first rows of all channels in the order of their numbers, but those in `but`. */
export async function readOutboxBut(db: Db, but: readonly number[], limit: number): Promise<WaitingRow[]> {
  let query = db.selectFrom('outbox').select(['n', 'channel', 'body']).orderBy('n').limit(limit);
  if (but.length > 0) query = query.where(sql<boolean>`n <> all(${but})`);
  return query.execute();
}

/** The number of the last row that waits; 0 where none does. */
export async function lastOutbox(db: Db): Promise<number> {
  const { last } = await db
    .selectFrom('outbox')
    .select(sql<number>`coalesce(max(n), 0)`.as('last'))
    .executeTakeFirstOrThrow();
  return Number(last);
}

/** The channels that have rows waiting, each with the number of its last one. */
export async function outboxChannels(db: Db): Promise<{ channel: string; last: number }[]> {
  const last = sql<number>`max(n)`.as('last');
  const rows = await db.selectFrom('outbox').select(['channel', last]).groupBy('channel').execute();
  return rows.map(({ channel, last: n }) => ({ channel, last: Number(n) }));
}

export async function deleteOutbox(db: Db, numbers: number[]): Promise<void> {
  await db.deleteFrom('outbox').where('n', 'in', numbers).execute();
}

export async function countOutbox(db: Db): Promise<number> {
  const row = await db
    .selectFrom('outbox')
    .select(sql<number>`count(*)`.as('count'))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

function toJob(row: {
  id: string;
  name: string;
  payload: string;
  request: string;
  state: string;
  attempts: number;
  reason: string | null;
  created_at: number;
  failed_at: number | null;
}): JobRow {
  return {
    id: row.id,
    name: row.name,
    payload: JSON.parse(row.payload),
    request: JSON.parse(row.request) as JobRequest,
    state: row.state as JobRow['state'],
    attempts: row.attempts,
    reason: row.reason,
    createdAt: row.created_at,
    failedAt: row.failed_at,
  };
}
