import type { Kysely } from 'kysely';
import type { Role } from '#core/roles.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** Somebody of a platform as a community knows them. */
export interface Known {
  /** They are verified, by this name or by the account that they linked. */
  verified: boolean;
  /** As the list calls them; null where it does not, or they are not verified. */
  name: string | null;
  /** Of the account that they linked. */
  role: Role | undefined;
}

/** When the community's gate was shut; null while it is open. */
export async function gateShutAt(db: Db, community: string): Promise<number | null> {
  const row = await db
    .selectFrom('verify_settings')
    .select('on_at')
    .where('community_id', '=', community)
    .executeTakeFirst();
  return row?.on_at ?? null;
}

/** Many at once, by the platform's ids of them: `atGate` for one is the same rule. */
export async function knownAtGate(
  db: Db,
  community: string,
  { platform, people }: { platform: string; people: readonly string[] },
): Promise<Map<string, Known>> {
  const accounts = await accountsOf(db, community, { platform, people });
  const subjects = new Map(people.map((one) => [one, subjectsOf(`${platform}:${one}`, accounts.get(one))]));
  const verified = await verifiedOf(db, community, [...new Set([...subjects.values()].flat())]);
  return new Map(
    people.map((one) => {
      const subject = subjects.get(one)?.find((name) => verified.has(name));
      const name = (subject !== undefined && verified.get(subject)) || null;
      return [one, { verified: subject !== undefined, name, role: accounts.get(one)?.role }];
    }),
  );
}

/** Verified people of a platform by its ids of them, in the order of the ids; `after` is the last one of the page before. */
export async function verifiedOn(
  db: Db,
  community: string,
  { platform, after, limit }: { platform: string; after: string; limit: number },
): Promise<string[]> {
  const active = db
    .selectFrom('verifications')
    .where('verifications.community_id', '=', community)
    .where('verifications.ended_at', 'is', null);
  const mark = `${platform}:`;
  const own = await active
    .select('subject')
    .where('subject', '>', mark + after)
    .where('subject', 'like', `${mark}%`)
    .orderBy('subject')
    .limit(limit)
    .execute();
  const linked = await active
    .innerJoin('identities', 'identities.account_id', 'verifications.subject')
    .select('identities.platform_id')
    .where('identities.platform', '=', platform)
    .where('identities.platform_id', '>', after)
    .orderBy('identities.platform_id')
    .limit(limit)
    .execute();
  const ids = [...own.map(({ subject }) => subject.slice(mark.length)), ...linked.map((row) => row.platform_id)];
  return [...new Set(ids)].toSorted().slice(0, limit);
}

interface Linked {
  account: string;
  role: Role | undefined;
}

async function accountsOf(
  db: Db,
  community: string,
  { platform, people }: { platform: string; people: readonly string[] },
): Promise<Map<string, Linked>> {
  if (people.length === 0) return new Map();
  const rows = await db
    .selectFrom('identities')
    .leftJoin('members', (join) =>
      join.onRef('members.account_id', '=', 'identities.account_id').on('members.community_id', '=', community),
    )
    .select(['identities.platform_id', 'identities.account_id', 'members.role'])
    .where('identities.platform', '=', platform)
    .where('identities.platform_id', 'in', people)
    .execute();
  return new Map(
    rows.map((row) => [row.platform_id, { account: row.account_id, role: (row.role as Role | null) ?? undefined }]),
  );
}

/** A binding is the name's own, or that of the account that the name is linked to. */
function subjectsOf(person: string, linked: Linked | undefined): string[] {
  return linked ? [person, linked.account] : [person];
}

/** What the list calls those subjects that are verified. */
async function verifiedOf(db: Db, community: string, subjects: string[]): Promise<Map<string, string | null>> {
  if (subjects.length === 0) return new Map();
  const rows = await db
    .selectFrom('verifications')
    .leftJoin('list_people', (join) =>
      join
        .onRef('list_people.community_id', '=', 'verifications.community_id')
        .onRef('list_people.key', '=', 'verifications.key'),
    )
    .select(['verifications.subject', 'list_people.name'])
    .where('verifications.community_id', '=', community)
    .where('verifications.ended_at', 'is', null)
    .where('verifications.subject', 'in', subjects)
    .execute();
  return new Map(rows.map(({ subject, name }) => [subject, name]));
}
