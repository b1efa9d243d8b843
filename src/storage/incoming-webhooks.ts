import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** An address that programs post to. Of its secret only the hash is kept. */
export interface IncomingWebhook {
  id: string;
  community: string;
  room: string;
  roomName: string;
  /** As what it posts. */
  name: string;
  madeBy: string | null;
  madeAt: number;
  lastUsedAt: number | null;
}

export type NewWebhook = Omit<IncomingWebhook, 'roomName' | 'lastUsedAt'> & { secretHash: string };

export async function insertWebhook(db: Db, made: NewWebhook): Promise<void> {
  await db
    .insertInto('incoming_webhooks')
    .values({
      id: made.id,
      community_id: made.community,
      room_id: made.room,
      name: made.name,
      secret_hash: made.secretHash,
      made_by: made.madeBy,
      made_at: made.madeAt,
    })
    .execute();
}

export async function countWebhooks(db: Db, community: string): Promise<number> {
  const row = await db
    .selectFrom('incoming_webhooks')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('community_id', '=', community)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

function select(db: Db) {
  return db
    .selectFrom('incoming_webhooks as w')
    .innerJoin('rooms as r', 'r.id', 'w.room_id')
    .leftJoin('accounts as a', 'a.id', 'w.made_by')
    .select(['w.id', 'w.community_id', 'w.room_id', 'w.name', 'w.secret_hash', 'w.made_at', 'w.last_used_at'])
    .select(['r.name as roomName', 'a.name as madeBy'])
    .where('r.deleted_at', 'is', null);
}

type Row = Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number];

/** With the hash of its secret. Nothing where its room is gone. */
export async function findWebhook(db: Db, id: string): Promise<(IncomingWebhook & { secretHash: string }) | undefined> {
  const row = await select(db).where('w.id', '=', id).executeTakeFirst();
  return row && { ...toWebhook(row), secretHash: row.secret_hash };
}

/** Those of rooms that the account may see, newest first. `after`: only those made before this one. */
export async function listWebhooks(
  db: Db,
  asked: { community: string; account: string; after?: string; limit: number },
): Promise<IncomingWebhook[]> {
  let query = select(db)
    .leftJoin('room_members as m', (join) =>
      join.onRef('m.room_id', '=', 'r.id').on('m.account_id', '=', asked.account),
    )
    .where('w.community_id', '=', asked.community)
    .where((e) => e.or([e('r.private', '=', 0), e('m.account_id', 'is not', null)]))
    .orderBy('w.id', 'desc')
    .limit(asked.limit);
  if (asked.after !== undefined) query = query.where('w.id', '<', asked.after);
  return (await query.execute()).map(toWebhook);
}

export async function deleteWebhook(db: Db, id: string): Promise<boolean> {
  return (await db.deleteFrom('incoming_webhooks').where('id', '=', id).returning('id').execute()).length === 1;
}

export async function setWebhookSecret(db: Db, id: string, secretHash: string): Promise<boolean> {
  const rows = await db
    .updateTable('incoming_webhooks')
    .set({ secret_hash: secretHash })
    .where('id', '=', id)
    .returning('id')
    .execute();
  return rows.length === 1;
}

export async function touchWebhook(db: Db, id: string, at: number): Promise<void> {
  await db.updateTable('incoming_webhooks').set({ last_used_at: at }).where('id', '=', id).execute();
}

function toWebhook(row: Row): IncomingWebhook {
  return {
    id: row.id,
    community: row.community_id,
    room: row.room_id,
    roomName: row.roomName,
    name: row.name,
    madeBy: row.madeBy,
    madeAt: row.made_at,
    lastUsedAt: row.last_used_at,
  };
}
