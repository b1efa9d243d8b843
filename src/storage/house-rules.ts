import type { Kysely } from 'kysely';
import type { WordAct, WordRule } from '#core/word-list.ts';
import { inTurn } from './in-turn.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** Nobody new comes in, and first posts wait for a moderator. */
export interface LockDown {
  since: number;
  until: number | null;
  by: string;
}

/** Says that what may be said in the community changed: whoever keeps its rules in memory reads them anew with the next post. */
export async function orderChanged(db: Db, community: string): Promise<void> {
  await db
    .updateTable('communities')
    .set((e) => ({ order_seq: e('order_seq', '+', 1) }))
    .where('id', '=', community)
    .execute();
}

/** The lock-down that holds now. */
export async function lockDownOf(db: Db, community: string, at: number): Promise<LockDown | undefined> {
  const { lockDown } = await settingsOf(db, community);
  return lockDown && (lockDown.until === null || lockDown.until > at) ? lockDown : undefined;
}

/** Sets or ends the lock-down, and leaves the community's other settings as they are. */
export async function setLockDown(db: Db, community: string, lockDown: LockDown | undefined): Promise<void> {
  await inTurn(db, `settings of ${community}`);
  const { lockDown: _before, ...rest } = await settingsOf(db, community);
  const settings = JSON.stringify({ ...rest, ...(lockDown && { lockDown }) });
  await db.updateTable('communities').set({ settings }).where('id', '=', community).execute();
}

async function settingsOf(db: Db, community: string): Promise<{ lockDown?: LockDown }> {
  const row = await db.selectFrom('communities').select('settings').where('id', '=', community).executeTakeFirst();
  return row?.settings ? (JSON.parse(row.settings) as { lockDown?: LockDown }) : {};
}

export interface ListedWordRule extends WordRule {
  madeBy: string | null;
  madeAt: number;
}

/** A community's word list, oldest first. It is bounded, so it is given whole. */
export async function listWordRules(db: Db, community: string): Promise<ListedWordRule[]> {
  const rows = await db
    .selectFrom('word_rules')
    .selectAll()
    .where('community_id', '=', community)
    .orderBy('id')
    .execute();
  return rows.map(({ id, words, act, made_by, made_at }) => ({
    id,
    words,
    act: act as WordAct,
    madeBy: made_by,
    madeAt: made_at,
  }));
}

export async function insertWordRule(db: Db, community: string, rule: ListedWordRule): Promise<void> {
  const { id, words, act, madeBy, madeAt } = rule;
  await db
    .insertInto('word_rules')
    .values({ id, community_id: community, words, act, made_by: madeBy, made_at: madeAt })
    .execute();
}

/** False where there is no such rule. */
export async function deleteWordRule(db: Db, community: string, id: string): Promise<boolean> {
  const rows = await db
    .deleteFrom('word_rules')
    .where('community_id', '=', community)
    .where('id', '=', id)
    .returning('id')
    .execute();
  return rows.length === 1;
}

export async function setSlowMode(db: Db, room: string, seconds: number): Promise<void> {
  await db.updateTable('rooms').set({ slow_seconds: seconds }).where('id', '=', room).execute();
}

/**
 * Whether somebody has said anything in a community. By the index that keeps posts from coming twice, so what was posted by
 * a program that gives no `clientId` is not seen; messages by author have no index, as each post would have to pay for it.
 */
export async function hasPosted(db: Db, community: string, account: string): Promise<boolean> {
  const row = await db
    .selectFrom('rooms')
    .innerJoin('messages', 'messages.room_id', 'rooms.id')
    .select('rooms.id')
    .where('rooms.community_id', '=', community)
    .where('messages.author_id', '=', account)
    .where('messages.client_id', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Moderators and up: who is told that something waits for them. */
export async function moderatorsOf(db: Db, community: string): Promise<string[]> {
  const rows = await db
    .selectFrom('members')
    .select('account_id')
    .where('community_id', '=', community)
    .where('role', 'in', ['moderator', 'admin', 'owner'])
    .execute();
  return rows.map((row) => row.account_id);
}
