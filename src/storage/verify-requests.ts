import type { Kysely, Selectable } from 'kysely';
import { LIMITS } from '#core/limits.ts';
import type { Prover, RequestState } from '#core/verification.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** Somebody wants to prove that they are an entry of a list. `key`: the entry's. */
export interface VerifyRequest extends Prover {
  id: string;
  key: string;
  state: RequestState;
  createdAt: number;
  expiresAt: number;
  endedAt: number | null;
}

/** States of a request whose mail is on its way, or has come. */
const OPEN: RequestState[] = ['mailing', 'live'];

/** A new request, whose mail is still to be made. An earlier one of the same person for the same entry ends. */
export async function insertRequest(
  db: Db,
  asked: Prover & { id: string; key: string; at: number; expiresAt: number },
): Promise<void> {
  const { id, community, key, subject, at } = asked;
  await db
    .updateTable('verify_requests')
    .set({ state: 'replaced', ended_at: at })
    .where('community_id', '=', community)
    .where('key', '=', key)
    .where('subject', '=', subject)
    .where('state', 'in', OPEN)
    .execute();
  await db
    .insertInto('verify_requests')
    .values({
      id,
      community_id: community,
      key,
      subject,
      platform: asked.platform,
      platform_id: asked.platformId,
      name: asked.name,
      space: asked.space ?? null,
      room: asked.room ?? null,
      state: 'mailing',
      link_hash: null,
      code_hash: null,
      created_at: at,
      expires_at: asked.expiresAt,
      ended_at: null,
    })
    .execute();
}

/** What a mail was just made of: what it holds is good from now on, and what an earlier mail of the request held is not. False where the request has ended. */
export async function setProofs(
  db: Db,
  id: string,
  made: { linkHash: string; codeHash: string; expiresAt: number },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('verify_requests')
    .set({ state: 'live', link_hash: made.linkHash, code_hash: made.codeHash, expires_at: made.expiresAt })
    .where('id', '=', id)
    .where('state', 'in', OPEN)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function findRequest(db: Db, id: string): Promise<VerifyRequest | undefined> {
  const row = await db.selectFrom('verify_requests').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toRequest(row);
}

/** The request that a link is good for. */
export async function findByLink(db: Db, hash: string, at: number): Promise<VerifyRequest | undefined> {
  const row = await db
    .selectFrom('verify_requests')
    .selectAll()
    .where('link_hash', '=', hash)
    .where('state', '=', 'live')
    .where('expires_at', '>', at)
    .executeTakeFirst();
  return row && toRequest(row);
}

/** Ends a live request; of many who do it at once one gets it. */
export async function takeRequest(
  db: Db,
  { id, to, at }: { id: string; to: 'used' | 'denied' | 'waiting' | 'over'; at: number },
): Promise<VerifyRequest | undefined> {
  const row = await db
    .updateTable('verify_requests')
    .set({ state: to, ended_at: at })
    .where('id', '=', id)
    .where('state', '=', 'live')
    .where('expires_at', '>', at)
    .returningAll()
    .executeTakeFirst();
  return row && toRequest(row);
}

/** One more try of the codes of somebody's live requests. Gives those that had one left, with what the code must hash to. */
export async function tryCodes(
  db: Db,
  { community, subject, at }: { community: string; subject: string; at: number },
): Promise<(VerifyRequest & { codeHash: string; triesLeft: number })[]> {
  const rows = await db
    .updateTable('verify_requests')
    .set((e) => ({ code_tries: e('code_tries', '+', 1) }))
    .where('community_id', '=', community)
    .where('subject', '=', subject)
    .where('state', '=', 'live')
    .where('expires_at', '>', at)
    .where('code_tries', '<', LIMITS.verifyCodeTries)
    .returningAll()
    .execute();
  return rows.map((row) => ({
    ...toRequest(row),
    codeHash: row.code_hash ?? '',
    triesLeft: LIMITS.verifyCodeTries - row.code_tries,
  }));
}

/** Proved requests that wait for an entry to be given back; the first one first. */
export async function waitingFor(db: Db, community: string, key: string, at: number): Promise<VerifyRequest[]> {
  const rows = await db
    .selectFrom('verify_requests')
    .selectAll()
    .where('community_id', '=', community)
    .where('key', '=', key)
    .where('state', '=', 'waiting')
    .where('expires_at', '>', at)
    .orderBy('ended_at')
    .execute();
  return rows.map(toRequest);
}

/** Says what became of a request, whatever it was. */
export async function settleRequest(
  db: Db,
  { id, state, at, expiresAt }: { id: string; state: RequestState; at: number; expiresAt?: number },
): Promise<void> {
  await db
    .updateTable('verify_requests')
    .set({ state, ended_at: at, ...(expiresAt !== undefined && { expires_at: expiresAt }) })
    .where('id', '=', id)
    .execute();
}

/** Ends what is open of a person, or for an entry, in a community. */
export async function endRequests(
  db: Db,
  { community, at, ...whose }: { community: string; at: number } & ({ subject: string } | { key: string }),
): Promise<void> {
  const open = db
    .updateTable('verify_requests')
    .set({ state: 'over', ended_at: at })
    .where('community_id', '=', community)
    .where('state', 'in', [...OPEN, 'waiting']);
  const of = 'key' in whose ? open.where('key', '=', whose.key) : open.where('subject', '=', whose.subject);
  await of.execute();
}

/** How often it was said of somebody's requests that it was not them. */
export async function countDenied(
  db: Db,
  { community, subject, since }: { community: string; subject: string; since: number },
): Promise<number> {
  const { count } = await db
    .selectFrom('verify_requests')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('community_id', '=', community)
    .where('subject', '=', subject)
    .where('state', '=', 'denied')
    .where('ended_at', '>', since)
    .executeTakeFirstOrThrow();
  return Number(count);
}

export interface RequestsAsked {
  community: string;
  state?: RequestState | undefined;
  after?: string | undefined;
  limit: number;
}

/** Newest first, with the entry as the list writes it, or its key where it is gone. */
export async function listRequests(db: Db, asked: RequestsAsked): Promise<(VerifyRequest & { userId: string })[]> {
  let query = db
    .selectFrom('verify_requests')
    .leftJoin('list_people', (join) =>
      join
        .onRef('list_people.community_id', '=', 'verify_requests.community_id')
        .onRef('list_people.key', '=', 'verify_requests.key'),
    )
    .selectAll('verify_requests')
    .select('list_people.user_id')
    .where('verify_requests.community_id', '=', asked.community)
    .orderBy('verify_requests.id', 'desc')
    .limit(asked.limit);
  if (asked.state !== undefined) query = query.where('verify_requests.state', '=', asked.state);
  if (asked.after !== undefined) query = query.where('verify_requests.id', '<', asked.after);
  return (await query.execute()).map((row) => ({ ...toRequest(row), userId: row.user_id ?? row.key }));
}

/** Ends requests whose time is over, and forgets old ones. */
export async function sweepRequests(db: Db, at: number): Promise<void> {
  await db
    .updateTable('verify_requests')
    .set({ state: 'over', ended_at: at })
    .where('state', 'in', [...OPEN, 'waiting'])
    .where('expires_at', '<=', at)
    .execute();
  const before = at - LIMITS.verifyRequestDays * 86_400_000;
  await db.deleteFrom('verify_requests').where('expires_at', '<', before).execute();
}

function toRequest(row: Selectable<Schema['verify_requests']>): VerifyRequest {
  const { id, key, subject, platform, name, space, room } = row;
  return {
    id,
    key,
    community: row.community_id,
    subject,
    platform,
    platformId: row.platform_id,
    name,
    ...(space !== null && { space }),
    ...(room !== null && { room }),
    state: row.state as RequestState,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    endedAt: row.ended_at,
  };
}
