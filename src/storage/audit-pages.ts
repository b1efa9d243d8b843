import { sql, type ExpressionBuilder, type Kysely, type SelectQueryBuilder } from 'kysely';
import { LIMITS } from '#core/limits.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** Which entries are asked for; null: those that belong to no community. */
export interface AuditAsked {
  community: string | null;
  /** Any of these people: accounts, or `platform:id`. */
  who?: readonly string[];
  /** Any of these actions. */
  actions?: readonly string[];
  /** Actions that begin so, such as `command.`. */
  prefix?: string;
  subject?: string;
  /** Acts that changed something, without the commands that were used. */
  changes?: boolean;
  /** Refusals alone, or what was done alone. */
  refused?: boolean;
  /** Times, ms since 1970: from the first, up to but not at the second. */
  from?: number;
  to?: number;
  /** The last entry of the page before. */
  after?: AuditPlace;
  limit: number;
}

/** Where an entry stands: newest first, and of one ms by id. */
export interface AuditPlace {
  at: number;
  id: string;
}

export interface AuditRow extends AuditPlace {
  community: string | null;
  account: string | null;
  platform: string | null;
  platformId: string | null;
  action: string;
  subject: string | null;
  detail: string | null;
  place: string | null;
  /** Null in what was written before there were results. */
  result: string | null;
}

/**
 * A page of entries, newest first. A page follows on the last entry of the one before and not on a count, so that what is
 * written meanwhile moves nothing.
 */
export async function pageOfAudit(db: Db, asked: AuditAsked): Promise<AuditRow[]> {
  return auditQuery(db, asked).execute();
}

type Picked = SelectQueryBuilder<Schema, 'audit', AuditRow>;

/** The query of a page, for who looks at its plan. */
export function auditQuery(db: Db, asked: AuditAsked): Picked {
  const all = db
    .selectFrom('audit')
    .select([
      'id',
      'community_id as community',
      'account_id as account',
      'platform',
      'platform_id as platformId',
      'action',
      'subject',
      'detail',
      'place',
      'result',
      'at',
    ])
    .where('community_id', asked.community === null ? 'is' : '=', asked.community);
  return within(narrowed(all, asked), asked).orderBy('at', 'desc').orderBy('id', 'desc').limit(asked.limit);
}

function narrowed(all: Picked, { who, actions, prefix, subject, changes, refused }: AuditAsked): Picked {
  let query = all;
  if (who) query = query.where('account_id', 'in', who);
  if (actions) query = query.where('action', 'in', actions);
  // No range along an index: what begins so is most of it, and is read in the order of time.
  if (prefix !== undefined) query = query.where('action', 'like', `${prefix}%`);
  if (subject !== undefined) query = query.where('subject', '=', subject);
  if (changes) query = query.where(isChange);
  if (refused !== undefined) query = query.where(refused ? isRefused : isDone);
  return query;
}

/** Written as it stands in the index, or no database would use it. */
const isChange = sql<boolean>`(substr(action, 1, 8) <> 'command.' or action = 'command.settings')`;

type Of = ExpressionBuilder<Schema, 'audit'>;

function isRefused(e: Of) {
  return e('result', '!=', 'done');
}

function isDone(e: Of) {
  return e.or([e('result', '=', 'done'), e('result', 'is', null)]);
}

function within(all: Picked, { from, to, after }: AuditAsked): Picked {
  let query = all;
  if (from !== undefined) query = query.where('at', '>=', from);
  if (to !== undefined) query = query.where('at', '<', to);
  if (after) query = query.where(sql<boolean>`(at, id) < (${after.at}, ${after.id})`);
  return query;
}

/** The names that stand behind the ids of some entries. */
export interface AuditNames {
  /** Accounts by id. */
  people: Map<string, { name: string; username: string }>;
  /** Rooms by id, without the private ones that the reader is not in. */
  rooms: Map<string, string>;
  /** `platform:id` to the account and the name there. */
  identities: Map<string, { account: string; name: string }>;
}

/** Looks up what the ids of a page are called today. */
export async function namesOf(db: Db, rows: readonly AuditRow[], reader: string): Promise<AuditNames> {
  const ids = new Set(rows.flatMap(({ account, subject, place, detail }) => [account, subject, place, detail]));
  const named = (prefix: string): string[] => [...ids].filter((id): id is string => id?.startsWith(prefix) ?? false);
  const [accounts, rooms] = [named('acct_'), named('room_')];
  const there = rows.flatMap(({ platformId }) => (platformId === null ? [] : [platformId]));
  return {
    people: await peopleOf(db, accounts),
    rooms: await roomsOf(db, rooms, reader),
    identities: await identitiesOf(db, [...new Set(there)]),
  };
}

async function peopleOf(db: Db, ids: string[]): Promise<AuditNames['people']> {
  if (ids.length === 0) return new Map();
  const rows = await db.selectFrom('accounts').select(['id', 'name', 'username']).where('id', 'in', ids).execute();
  return new Map(rows.map(({ id, name, username }) => [id, { name, username }]));
}

async function roomsOf(db: Db, ids: string[], reader: string): Promise<AuditNames['rooms']> {
  if (ids.length === 0) return new Map();
  const mine = db.selectFrom('room_members').select('room_id').where('account_id', '=', reader);
  const rows = await db
    .selectFrom('rooms')
    .select(['id', 'name'])
    .where('id', 'in', ids)
    .where((e) => e.or([e('private', '=', 0), e('id', 'in', mine)]))
    .execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}

async function identitiesOf(db: Db, ids: string[]): Promise<AuditNames['identities']> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('identities')
    .select(['platform', 'platform_id', 'account_id', 'name'])
    .where('platform_id', 'in', ids)
    .execute();
  return new Map(
    rows.map((row) => [`${row.platform}:${row.platform_id}`, { account: row.account_id, name: row.name }]),
  );
}

/** Everybody that is meant by a person of a filter: the account with its identities, or an identity with its account. */
export async function everyNameOf(db: Db, person: string): Promise<string[]> {
  const colon = person.indexOf(':');
  let account = person;
  if (colon >= 0) {
    const found = await db
      .selectFrom('identities')
      .select('account_id')
      .where('platform', '=', person.slice(0, colon))
      .where('platform_id', '=', person.slice(colon + 1))
      .executeTakeFirst();
    if (!found) return [person];
    account = found.account_id;
  }
  const own = await db
    .selectFrom('identities')
    .select(['platform', 'platform_id'])
    .where('account_id', '=', account)
    .execute();
  return [account, ...own.map((one) => `${one.platform}:${one.platform_id}`)];
}

/** Forgets some entries older than `before`. False where none is left. */
export async function deleteOldAudit(db: Db, before: number): Promise<boolean> {
  const some = db.selectFrom('audit').select('id').where('at', '<', before).limit(LIMITS.auditPiece);
  const { numDeletedRows } = await db.deleteFrom('audit').where('id', 'in', some).executeTakeFirst();
  return numDeletedRows === BigInt(LIMITS.auditPiece);
}
