import type { Kysely, Selectable } from 'kysely';
import type { SeenReachOut } from '#core/verification-list.ts';
import { inForce, listNow } from './list-people.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** A letter to everybody on a list who is not verified. */
export interface ReachOut extends SeenReachOut {
  community: string;
  /** The key of the last entry that was looked at. */
  lastKey: string;
}

export async function insertReachOut(
  db: Db,
  { id, community, by, at }: { id: string; community: string; by: string; at: number },
): Promise<void> {
  await db
    .insertInto('reach_outs')
    .values({ id, community_id: community, state: 'going', last_key: '', sent: 0, made_by: by, made_at: at })
    .execute();
}

/** The newest of a community. */
export async function newestReachOut(db: Db, community: string): Promise<ReachOut | undefined> {
  const row = await db
    .selectFrom('reach_outs')
    .selectAll()
    .where('community_id', '=', community)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && toReachOut(row);
}

/** Those of all communities that are not at the end of their list. */
export async function goingReachOuts(db: Db): Promise<ReachOut[]> {
  return (await db.selectFrom('reach_outs').selectAll().where('state', '=', 'going').execute()).map(toReachOut);
}

/** False where it is going no more. */
export async function moveReachOut(
  db: Db,
  id: string,
  { state, lastKey, sent }: { state: SeenReachOut['state']; lastKey?: string; sent?: number },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('reach_outs')
    .set({ state, ...(lastKey !== undefined && { last_key: lastKey }), ...(sent !== undefined && { sent }) })
    .where('id', '=', id)
    .where('state', '=', 'going')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** The next entries in the order of their keys that are nobody's, are not over, and were not written to since. */
export async function nextToReach(
  db: Db,
  {
    community,
    after,
    at,
    since,
    limit,
  }: { community: string; after: string; at: number; since: number; limit: number },
): Promise<{ key: string; email: string }[]> {
  return inForce(db, await listNow(db, community), community)
    .select(['key', 'email'])
    .where('key', '>', after)
    .where((e) => e.or([e('until', 'is', null), e('until', '>', at)]))
    .where((e) =>
      e.not(
        e.exists(
          e
            .selectFrom('verifications')
            .select('id')
            .whereRef('verifications.community_id', '=', 'list_people.community_id')
            .whereRef('verifications.key', '=', 'list_people.key')
            .where('ended_at', 'is', null),
        ),
      ),
    )
    .where((e) =>
      e.not(
        e.exists(
          e
            .selectFrom('list_reached')
            .select('list_reached.key')
            .whereRef('list_reached.community_id', '=', 'list_people.community_id')
            .whereRef('list_reached.key', '=', 'list_people.key')
            .where('list_reached.at', '>', since),
        ),
      ),
    )
    .orderBy('key')
    .limit(limit)
    .execute();
}

/** In the commit of the mail, so that nobody is written to twice. */
export async function noteReached(db: Db, community: string, { key, at }: { key: string; at: number }): Promise<void> {
  await db
    .insertInto('list_reached')
    .values({ community_id: community, key, at })
    .onConflict((conflict) => conflict.columns(['community_id', 'key']).doUpdateSet({ at }))
    .execute();
}

/** A link by which an address can be taken off. */
export interface MailDoor {
  community: string;
  emailHash: string;
}

export async function insertDoor(db: Db, hash: string, { community, emailHash }: MailDoor, at: number): Promise<void> {
  await db.insertInto('mail_doors').values({ hash, community_id: community, email_hash: emailHash, at }).execute();
}

export async function findDoor(db: Db, hash: string): Promise<MailDoor | undefined> {
  const row = await db.selectFrom('mail_doors').selectAll().where('hash', '=', hash).executeTakeFirst();
  return row && { community: row.community_id, emailHash: row.email_hash };
}

/** That address gets nothing more of the community but what it asks for. */
export async function refuseMail(db: Db, { community, emailHash }: MailDoor, at: number): Promise<void> {
  await db
    .insertInto('mail_refused')
    .values({ community_id: community, email_hash: emailHash, at })
    .onConflict((conflict) => conflict.columns(['community_id', 'email_hash']).doNothing())
    .execute();
}

export async function refusesMail(db: Db, { community, emailHash }: MailDoor): Promise<boolean> {
  const row = await db
    .selectFrom('mail_refused')
    .select('at')
    .where('community_id', '=', community)
    .where('email_hash', '=', emailHash)
    .executeTakeFirst();
  return row !== undefined;
}

/** What is of no use any more: who was written to long ago, and links of old mails. */
export async function forgetReached(db: Db, { reached, doors }: { reached: number; doors: number }): Promise<void> {
  await db.deleteFrom('list_reached').where('at', '<=', reached).execute();
  await db.deleteFrom('mail_doors').where('at', '<=', doors).execute();
}

function toReachOut(row: Selectable<Schema['reach_outs']>): ReachOut {
  return {
    id: row.id,
    community: row.community_id,
    state: row.state as SeenReachOut['state'],
    lastKey: row.last_key,
    sent: row.sent,
    madeAt: row.made_at,
  };
}
