import { sql, type ExpressionBuilder, type Kysely, type Selectable } from 'kysely';
import type { EntryState, SeenEntry } from '#core/verification-list.ts';
import type { ListEntry } from '#core/verification.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** Where an entry came from. */
export type ListSource = 'file' | 'http' | 'sql' | 'oidc';

/** An entry as it is kept. `key`: what its user id is compared by. */
export interface KeptEntry extends ListEntry {
  key: string;
  source: ListSource;
}

/** The entry that is good now: there, and not over. */
export async function findEntry(db: Db, community: string, key: string, at: number): Promise<KeptEntry | undefined> {
  const row = await db
    .selectFrom('list_people')
    .selectAll()
    .where('community_id', '=', community)
    .where('key', '=', key)
    .where((e) => e.or([e('until', 'is', null), e('until', '>', at)]))
    .executeTakeFirst();
  return row && toEntry(row);
}

/** Adds an entry, or changes the one of its key. */
export async function putEntry(db: Db, community: string, { entry, at }: { entry: KeptEntry; at: number }) {
  const { generation } = await listChanged(db, community);
  const row = {
    user_id: entry.userId,
    email: entry.email,
    name: entry.name,
    until: entry.until,
    source: entry.source,
    changed_at: at,
  };
  await db
    .insertInto('list_rows')
    .values({ community_id: community, key: entry.key, generation, ...row })
    .onConflict((conflict) => conflict.columns(['community_id', 'key', 'generation']).doUpdateSet(row))
    .execute();
}

/** False where there was none. */
export async function deleteEntry(db: Db, community: string, key: string): Promise<boolean> {
  const { generation } = await listChanged(db, community);
  const { numDeletedRows } = await db
    .deleteFrom('list_rows')
    .where('community_id', '=', community)
    .where('generation', '=', generation)
    .where('key', '=', key)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Which list of a community is in force. */
export interface ListNow {
  generation: number;
  version: number;
}

export async function listNow(db: Db, community: string): Promise<ListNow> {
  const row = await db
    .selectFrom('lists')
    .select(['generation', 'version'])
    .where('community_id', '=', community)
    .executeTakeFirst();
  return row ?? { generation: 1, version: 0 };
}

/** In the commit of each change: who looked at the list before it looked at another one. */
export async function listChanged(db: Db, community: string): Promise<ListNow> {
  return db
    .insertInto('lists')
    .values({ community_id: community, generation: 1, newest: 1, version: 1, untidy: 0 })
    .onConflict((conflict) =>
      conflict.column('community_id').doUpdateSet((e) => ({ version: e('lists.version', '+', 1) })),
    )
    .returning(['generation', 'version'])
    .executeTakeFirstOrThrow();
}

/** How many entries there are; those of one source, where it is named. */
export async function countEntries(db: Db, community: string, source?: ListSource): Promise<number> {
  let query = db
    .selectFrom('list_people')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('community_id', '=', community);
  if (source) query = query.where('source', '=', source);
  return Number((await query.executeTakeFirstOrThrow()).count);
}

export type EntriesAsked = {
  community: string;
  limit: number;
  at: number;
  /** `after`: the key of the last one before. */
} & ({ after: string } | { key: string });

/** Entries in the order of their keys, with how each stands. */
export async function entriesFrom(db: Db, { community, limit, at, ...which }: EntriesAsked): Promise<SeenEntry[]> {
  const rows = await inForce(db, await listNow(db, community), community)
    .selectAll('list_people')
    .select((e) => [
      bannedEntry(e, at).as('banned'),
      boundTo(e, 'name').as('person'),
      boundTo(e, 'subject').as('subject'),
      hasRequest(e, ['mailing', 'live', 'waiting'], at).as('pending'),
      hasRequest(e, ['denied'], 0).as('denied'),
    ])
    .where('key', 'key' in which ? '=' : '>', 'key' in which ? which.key : which.after)
    .orderBy('key')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...toEntry(row), subject: row.subject, person: row.person, state: stateOf(row, at) }));
}

/** The rows of one list by its own number: many of them are found by an index, as the view cannot promise. */
export function inForce(db: Db, { generation }: ListNow, community: string) {
  return db
    .selectFrom('list_rows as list_people')
    .where('list_people.community_id', '=', community)
    .where('list_people.generation', '=', generation);
}

type Entries = ExpressionBuilder<Schema & { list_people: Schema['list_rows'] }, 'list_people'>;

function boundTo(e: Entries, column: 'name' | 'subject') {
  return e
    .selectFrom('verifications')
    .select(`verifications.${column}`)
    .whereRef('verifications.community_id', '=', 'list_people.community_id')
    .whereRef('verifications.key', '=', 'list_people.key')
    .where('ended_at', 'is', null)
    .limit(1)
    .$castTo<string | null>();
}

function hasRequest(e: Entries, states: string[], after: number) {
  return e.exists(
    e
      .selectFrom('verify_requests')
      .select('verify_requests.id')
      .whereRef('verify_requests.community_id', '=', 'list_people.community_id')
      .whereRef('verify_requests.key', '=', 'list_people.key')
      .where('verify_requests.state', 'in', states)
      .where('expires_at', '>', after),
  );
}

/** A ban holds against somebody who has, or ever had, the entry: the account, a name that is linked with it, or the name itself. */
function bannedEntry(e: Entries, at: number) {
  const name = sql<string>`sanctions.platform || ':' || sanctions.platform_id`;
  return e.exists(
    e
      .selectFrom('verifications')
      .innerJoin('sanctions', 'sanctions.community_id', 'verifications.community_id')
      .select('sanctions.id')
      .whereRef('verifications.community_id', '=', 'list_people.community_id')
      .whereRef('verifications.key', '=', 'list_people.key')
      .where('sanctions.kind', '=', 'ban')
      .where('lifted_at', 'is', null)
      .where((s) => s.or([s('sanctions.until', 'is', null), s('sanctions.until', '>', at)]))
      .where((s) =>
        s.or([
          s('sanctions.account_id', '=', s.ref('verifications.subject')),
          s(name, '=', s.ref('verifications.subject')),
          s.exists(
            s
              .selectFrom('identities')
              .select('identities.account_id')
              .where((i) =>
                i.or([
                  i.and([
                    i('identities.account_id', '=', i.ref('verifications.subject')),
                    i('identities.platform', '=', i.ref('sanctions.platform')),
                    i('identities.platform_id', '=', i.ref('sanctions.platform_id')),
                  ]),
                  i.and([
                    i('identities.account_id', '=', i.ref('sanctions.account_id')),
                    i(
                      sql<string>`identities.platform || ':' || identities.platform_id`,
                      '=',
                      i.ref('verifications.subject'),
                    ),
                  ]),
                ]),
              ),
          ),
        ]),
      ),
  );
}

interface Standing {
  until: number | null;
  banned: unknown;
  subject: string | null;
  pending: unknown;
  denied: unknown;
}

/** SQLite says 1 for true. */
function stateOf({ until, banned, subject, pending, denied }: Standing, at: number): EntryState {
  if (banned) return 'banned';
  if (until !== null && until <= at) return 'over';
  if (subject !== null) return 'verified';
  if (pending) return 'pending';
  return denied ? 'denied' : 'unverified';
}

function toEntry(row: Selectable<Schema['list_people']>): KeptEntry {
  const { key, email, name, until } = row;
  return { key, userId: row.user_id, email, name, until, source: row.source as ListSource };
}
