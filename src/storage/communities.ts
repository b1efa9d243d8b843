import type { Kysely } from 'kysely';
import { newId } from '#core/ids.ts';
import type { Role } from '#core/roles.ts';
import { roleBehindGate } from './gate.ts';
import { inTurn } from './in-turn.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

export interface Community {
  id: string;
  name: string;
}

export interface Membership extends Community {
  role: Role;
}

/** The instance's first community: everybody who signs up becomes a member of it. Made by `ensureCommunity`. */
export async function firstCommunity(db: Db): Promise<Community> {
  return db
    .selectFrom('communities')
    .select(['id', 'name'])
    .orderBy('created_at')
    .orderBy('id')
    .limit(1)
    .executeTakeFirstOrThrow();
}

export async function findCommunity(db: Db, id: string): Promise<Community | undefined> {
  const there = db.selectFrom('communities').select(['id', 'name']).where('ended_at', 'is', null);
  return there.where('id', '=', id).executeTakeFirst();
}

export async function listCommunities(db: Db): Promise<Community[]> {
  const there = db.selectFrom('communities').select(['id', 'name']).where('ended_at', 'is', null);
  return there.orderBy('created_at').orderBy('id').execute();
}

/** Whether there is no other community here than one. */
export async function isOnlyCommunity(db: Db): Promise<boolean> {
  const rows = await db.selectFrom('communities').select('id').where('ended_at', 'is', null).limit(2).execute();
  return rows.length < 2;
}

export async function ensureCommunity(db: Db, name: string, at: number): Promise<void> {
  if (await anyCommunity(db)) return;
  await inTurn(db, 'first community');
  if (await anyCommunity(db)) return;
  await insertCommunity(db, { name, at });
}

/** `by`: the account that makes it; null for the program itself. */
export async function insertCommunity(
  db: Db,
  { name, by = null, at }: { name: string; by?: string | null; at: number },
): Promise<string> {
  const id = newId('comm', at);
  await db.insertInto('communities').values({ id, name, created_at: at, made_by: by }).execute();
  return id;
}

/** How many communities that there are an account has made. */
export async function countMadeBy(db: Db, account: string): Promise<number> {
  const row = await db
    .selectFrom('communities')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('made_by', '=', account)
    .where('ended_at', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

async function anyCommunity(db: Db): Promise<boolean> {
  return (await db.selectFrom('communities').select('id').limit(1).executeTakeFirst()) !== undefined;
}

export async function renameCommunity(db: Db, id: string, name: string): Promise<void> {
  await db.updateTable('communities').set({ name }).where('id', '=', id).execute();
}

/** While the gate is shut for them a member begins as a guest. */
export async function addMember(
  db: Db,
  member: { community: string; account: string; role: Role; at: number },
): Promise<void> {
  const { community, account, at } = member;
  const role = await roleBehindGate(db, community, account, member.role);
  await db
    .insertInto('members')
    .values({ community_id: community, account_id: account, role, joined_at: at })
    .onConflict((conflict) => conflict.columns(['account_id', 'community_id']).doUpdateSet({ role }))
    .execute();
}

export async function membershipsOf(db: Db, account: string): Promise<Membership[]> {
  const rows = await db
    .selectFrom('members')
    .innerJoin('communities', 'communities.id', 'members.community_id')
    .select(['communities.id', 'communities.name', 'role'])
    .where('account_id', '=', account)
    .orderBy('communities.created_at')
    .execute();
  return rows.map((row) => ({ ...row, role: row.role as Role }));
}

export async function roleIn(db: Db, community: string, account: string): Promise<Role | undefined> {
  const row = await db
    .selectFrom('members')
    .select('role')
    .where('account_id', '=', account)
    .where('community_id', '=', community)
    .executeTakeFirst();
  return row?.role as Role | undefined;
}
