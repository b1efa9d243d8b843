import type { Kysely } from 'kysely';
import type { Role } from '#core/roles.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** Somebody with an account, as moderators of a community may know of them. */
export interface KnownPerson {
  account: string;
  name: string;
  /** Undefined where they are no member now. */
  role: Role | undefined;
}

/** An account that is in the community, or was and something was done to it there. Others are nobody's to know of. */
export async function findKnown(
  db: Db,
  community: string,
  by: { account: string } | { username: string },
): Promise<KnownPerson | undefined> {
  const row = await db
    .selectFrom('accounts')
    .leftJoin('members', (join) =>
      join.onRef('members.account_id', '=', 'accounts.id').on('members.community_id', '=', community),
    )
    .select(['accounts.id as account', 'accounts.name', 'members.role'])
    .where('account' in by ? 'accounts.id' : 'accounts.username', '=', 'account' in by ? by.account : by.username)
    .where((e) =>
      e.or([
        e('members.role', 'is not', null),
        e.exists(
          e
            .selectFrom('sanctions')
            .select('sanctions.id')
            .whereRef('sanctions.account_id', '=', 'accounts.id')
            .where('sanctions.community_id', '=', community),
        ),
        e.exists(
          e
            .selectFrom('rooms')
            .innerJoin('messages', 'messages.room_id', 'rooms.id')
            .select('rooms.id')
            .where('rooms.community_id', '=', community)
            .whereRef('messages.author_id', '=', 'accounts.id')
            .where('messages.client_id', 'is not', null),
        ),
      ]),
    )
    .executeTakeFirst();
  return row && { ...row, role: (row.role as Role | null) ?? undefined };
}

/** Members whose linked name on a platform is this one, whatever its case: two at most, which tells that it is nobody's alone. */
export async function membersNamed(
  db: Db,
  { community, platform, name }: { community: string; platform: string; name: string },
): Promise<string[]> {
  const rows = await db
    .selectFrom('identities')
    .innerJoin('members', 'members.account_id', 'identities.account_id')
    .select('identities.account_id')
    .where('members.community_id', '=', community)
    .where('identities.platform', '=', platform)
    .where((e) => e.fn('lower', ['identities.name']), '=', name.toLowerCase())
    .distinct()
    .limit(2)
    .execute();
  return rows.map(({ account_id }) => account_id);
}
