import { sql, type Expression, type ExpressionBuilder, type Kysely, type Selectable } from 'kysely';
import { LIMITS } from '#core/limits.ts';
import { identityOf } from '#core/message.ts';
import type { EndedWhy, SeenBinding } from '#core/verification.ts';
import { ofPerson } from './gate.ts';
import { findStanding } from './sanctions.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** Which entry of a community's list is whom. */
export interface Binding {
  id: string;
  community: string;
  /** The entry's key. */
  key: string;
  /** An account, or `platform:id`. */
  subject: string;
  /** As the person was called. */
  name: string;
  how: SeenBinding['how'];
  verifiedAt: number;
  endedAt: number | null;
  why: EndedWhy | null;
}

export async function insertBinding(db: Db, made: Omit<Binding, 'endedAt' | 'why'>): Promise<void> {
  await db
    .insertInto('verifications')
    .values({
      id: made.id,
      community_id: made.community,
      key: made.key,
      subject: made.subject,
      name: made.name,
      how: made.how,
      verified_at: made.verifiedAt,
      ended_at: null,
      why: null,
      ended_by: null,
    })
    .execute();
}

export interface Ending {
  why: EndedWhy;
  /** The moderator, or null where it ended by itself. */
  by: string | null;
  at: number;
}

/** Undefined where it has ended before. */
export async function endBinding(
  db: Db,
  community: string,
  id: string,
  { why, by, at }: Ending,
): Promise<Binding | undefined> {
  const row = await db
    .updateTable('verifications')
    .set({ ended_at: at, why, ended_by: by })
    .where('id', '=', id)
    .where('community_id', '=', community)
    .where('ended_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
  return row && toBinding(row);
}

/** Who has the entry now. */
export async function bindingOfEntry(db: Db, community: string, key: string): Promise<Binding | undefined> {
  const row = await inForce(db, community).where('key', '=', key).executeTakeFirst();
  return row && toBinding(row);
}

/** The entry that somebody has, by themselves or by a linked name. `person`: an account, or `platform:id`. */
export async function bindingOf(db: Db, community: string, person: string): Promise<Binding | undefined> {
  const names = { person, ...identityOf(person) };
  const row = await inForce(db, community)
    .where((e) => ofPerson(e, names))
    .executeTakeFirst();
  return row && toBinding(row);
}

/** Whether a ban holds against anybody who has, or ever had, the entry: then it is nobody's. */
export async function isEntryBanned(db: Db, community: string, key: string, at: number): Promise<boolean> {
  const rows = await db
    .selectFrom('verifications')
    .select('subject')
    .distinct()
    .where('community_id', '=', community)
    .where('key', '=', key)
    .execute();
  for (const { subject } of rows) if (await isBanned(db, community, subject, at)) return true;
  return false;
}

/** Whether a ban holds against a person: an account with its linked names, or `platform:id` with the account that it is linked to. */
export async function isBanned(db: Db, community: string, person: string, at: number): Promise<boolean> {
  const identity = identityOf(person);
  const linked = await db
    .selectFrom('identities')
    .select('account_id')
    .where('platform', '=', identity.platform)
    .where('platform_id', '=', identity.platformId)
    .executeTakeFirst();
  const standing = await findStanding(db, { community, account: linked?.account_id ?? person, identity }, at);
  return standing?.kind === 'ban';
}

/** Bindings of all communities, of one, or of some of its entries, whose entry is gone or over: to be ended. */
export async function dueBindings(
  db: Db,
  at: number,
  { community, keys }: { community?: string; keys?: readonly string[] | undefined } = {},
): Promise<Binding[]> {
  let query = db
    .selectFrom('verifications')
    .selectAll('verifications')
    .leftJoin('list_people', (join) =>
      join
        .onRef('list_people.community_id', '=', 'verifications.community_id')
        .onRef('list_people.key', '=', 'verifications.key'),
    )
    .where('verifications.ended_at', 'is', null)
    .where((e) => e.or([e('list_people.key', 'is', null), e('list_people.until', '<=', at)]))
    .limit(LIMITS.verifyEndAtOnce);
  if (community !== undefined) query = query.where('verifications.community_id', '=', community);
  if (keys) query = query.where('verifications.key', 'in', keys);
  return (await query.execute()).map(toBinding);
}

/** Bindings that ended with their entry, which is good again, and that nobody has taken since: to be put in force again. The newest of each entry. */
export async function restorableBindings(
  db: Db,
  { community, keys }: { community: string; keys?: readonly string[] | undefined },
  at: number,
): Promise<Binding[]> {
  let query = db
    .selectFrom('verifications as past')
    .selectAll('past')
    .innerJoin('list_people', (join) =>
      join.onRef('list_people.community_id', '=', 'past.community_id').onRef('list_people.key', '=', 'past.key'),
    )
    .where('past.community_id', '=', community)
    .where('past.why', 'in', ['removed', 'expired'])
    .where((e) => e.or([e('list_people.until', 'is', null), e('list_people.until', '>', at)]))
    // One question for each index: as one with “or” it looked through the whole community for each row.
    .where((e) => e.and((['key', 'subject'] as const).map((same) => e.not(e.exists(laterOf(e, same))))))
    .limit(LIMITS.verifyEndAtOnce);
  if (keys) query = query.where('past.key', 'in', keys);
  return (await query.execute()).map(toBinding);
}

/** Bindings of the same entry, or of the same person, that are in force or came after. */
function laterOf(e: ExpressionBuilder<Schema & { past: Schema['verifications'] }, 'past'>, same: 'key' | 'subject') {
  return e
    .selectFrom('verifications as later')
    .select('later.id')
    .whereRef('later.community_id', '=', 'past.community_id')
    .whereRef(`later.${same}`, '=', `past.${same}`)
    .where((l) => l.or([l('later.ended_at', 'is', null), l('later.id', '>', l.ref('past.id'))]));
}

/** Puts an ended binding in force again. */
export async function restoreBinding(db: Db, id: string): Promise<void> {
  await db
    .updateTable('verifications')
    .set({ ended_at: null, why: null, ended_by: null })
    .where('id', '=', id)
    .execute();
}

/** What somebody has in force in all communities. */
export async function bindingsOf(db: Db, subject: string): Promise<Binding[]> {
  const rows = await db
    .selectFrom('verifications')
    .selectAll()
    .where('subject', '=', subject)
    .where('ended_at', 'is', null)
    .execute();
  return rows.map(toBinding);
}

/** Gives a binding to the account that its person has linked. */
export async function moveBinding(db: Db, id: string, account: string): Promise<void> {
  await db.updateTable('verifications').set({ subject: account }).where('id', '=', id).execute();
}

export interface BindingsAsked {
  community: string;
  active: boolean;
  /** The start of a user id, or of how the list or the platform calls them. */
  query?: string | undefined;
  after?: string | undefined;
  limit: number;
}

/** Newest first, with what the list says of the entry. */
export async function listBindings(
  db: Db,
  asked: BindingsAsked,
): Promise<(Binding & { userId: string; listName: string | null })[]> {
  let query = db
    .selectFrom('verifications')
    .leftJoin('list_people', (join) =>
      join
        .onRef('list_people.community_id', '=', 'verifications.community_id')
        .onRef('list_people.key', '=', 'verifications.key'),
    )
    .selectAll('verifications')
    .select(['list_people.user_id', 'list_people.name as list_name'])
    .where('verifications.community_id', '=', asked.community)
    .where('verifications.ended_at', asked.active ? 'is' : 'is not', null)
    .orderBy('verifications.id', 'desc')
    .limit(asked.limit);
  if (asked.after !== undefined) query = query.where('verifications.id', '<', asked.after);
  if (asked.query) {
    const like = `${asked.query.toLowerCase().replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
    query = query.where((e) =>
      e.or(
        (['verifications.key', 'list_people.name', 'verifications.name'] as const).map((column) =>
          startsAs(e.fn<string>('lower', [column]), like),
        ),
      ),
    );
  }
  const rows = await query.execute();
  return rows.map((row) => ({ ...toBinding(row), userId: row.user_id ?? row.key, listName: row.list_name }));
}

function startsAs(text: Expression<string>, like: string) {
  return sql<boolean>`${text} like ${like} escape '\\'`;
}

function inForce(db: Db, community: string) {
  return db
    .selectFrom('verifications')
    .selectAll('verifications')
    .where('verifications.community_id', '=', community)
    .where('verifications.ended_at', 'is', null);
}

function toBinding(row: Selectable<Schema['verifications']>): Binding {
  const { id, key, subject, name } = row;
  return {
    id,
    community: row.community_id,
    key,
    subject,
    name,
    how: row.how as Binding['how'],
    verifiedAt: row.verified_at,
    endedAt: row.ended_at,
    why: row.why as EndedWhy | null,
  };
}
