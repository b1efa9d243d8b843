import type { Kysely } from 'kysely';
import { startsWith } from './accounts.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

interface Page {
  /** The id of the last one of the page before; ids of one kind sort by time. */
  after?: string;
  limit: number;
}

export interface InstanceAccount {
  id: string;
  username: string;
  name: string;
  operator: boolean;
  disabled: boolean;
  createdAt: number;
  lastSeenAt: number | null;
  communities: number;
}

/** Every account that is not erased, the newest first. */
export async function listAllAccounts(
  db: Db,
  { query, after, limit }: Page & { query?: string },
): Promise<InstanceAccount[]> {
  let found = db
    .selectFrom('accounts')
    .select(['id', 'username', 'name', 'operator', 'disabled_at', 'created_at as createdAt'])
    .select((e) => [
      e
        .selectFrom('sessions')
        .whereRef('sessions.account_id', '=', 'accounts.id')
        .select((f) => f.fn.max('last_seen_at').as('at'))
        .as('lastSeenAt'),
      e
        .selectFrom('members')
        .whereRef('members.account_id', '=', 'accounts.id')
        .select((f) => f.fn.countAll<number>().as('count'))
        .as('communities'),
    ])
    .where('erased_at', 'is', null);
  if (query) found = found.where((e) => startsWith(e, query));
  if (after !== undefined) found = found.where('id', '<', after);
  const rows = await found.orderBy('id', 'desc').limit(limit).execute();
  return rows.map(({ disabled_at, operator, communities, ...row }) => ({
    ...row,
    operator: operator === 1,
    disabled: disabled_at !== null,
    communities: Number(communities),
  }));
}

export interface InstanceCommunity {
  id: string;
  name: string;
  createdAt: number;
  members: number;
  rooms: number;
}

/** Every community there is, the newest first. */
export async function listAllCommunities(db: Db, { after, limit }: Page): Promise<InstanceCommunity[]> {
  let found = db
    .selectFrom('communities')
    .select(['id', 'name', 'created_at as createdAt'])
    .select((e) => [
      e
        .selectFrom('members')
        .whereRef('members.community_id', '=', 'communities.id')
        .select((f) => f.fn.countAll<number>().as('count'))
        .as('members'),
      e
        .selectFrom('rooms')
        .whereRef('rooms.community_id', '=', 'communities.id')
        .where('deleted_at', 'is', null)
        .select((f) => f.fn.countAll<number>().as('count'))
        .as('rooms'),
    ])
    .where('ended_at', 'is', null);
  if (after !== undefined) found = found.where('id', '<', after);
  const rows = await found.orderBy('id', 'desc').limit(limit).execute();
  return rows.map((row) => ({ ...row, members: Number(row.members), rooms: Number(row.rooms) }));
}
