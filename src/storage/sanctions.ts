import type { Kysely, Selectable } from 'kysely';
import type { Standing } from '#core/standing.ts';
import { hot } from './hot.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

export type SanctionKind = 'mute' | 'kick' | 'ban';

/** A person as a sanction knows them: an account, or somebody of a platform who has none here. */
export interface Sanctioned {
  account: string | null;
  platform: string | null;
  platformId: string | null;
  /** As they were called then. */
  name: string;
}

export interface Sanction extends Sanctioned {
  id: string;
  community: string;
  kind: SanctionKind;
  reason: string;
  /** null: the word list. */
  madeBy: string | null;
  madeAt: number;
  until: number | null;
  liftedAt: number | null;
  liftedBy: string | null;
}

export interface NewSanction extends Sanction {
  /** The one that this carries over to another identity of the same person. */
  partOf: string | null;
  /** The role that it took away. */
  was: string | null;
}

export async function insertSanction(db: Db, made: NewSanction): Promise<void> {
  await db
    .insertInto('sanctions')
    .values({
      id: made.id,
      community_id: made.community,
      account_id: made.account,
      platform: made.platform,
      platform_id: made.platformId,
      name: made.name,
      kind: made.kind,
      reason: made.reason,
      made_by: made.madeBy,
      made_at: made.madeAt,
      until: made.until,
      lifted_at: made.liftedAt,
      lifted_by: made.liftedBy,
      part_of: made.partOf,
      was: made.was,
    })
    .execute();
}

type StandingRow = Omit<Standing, 'kind'> & { kind: string; made_by: string | null };
type Asked = [community: string, at: number, account: string, platform: string, platformId: string];

/**
 * What holds against somebody, each way by its own index: against the account, against an identity that is linked to it, and
 * against the identity that speaks. Somebody without one of them gives empty words for it.
 */
const selectStanding = hot<Asked, StandingRow>(5, (db, [community, at, account, platform, platformId]) => {
  const inForce = db
    .selectFrom('sanctions')
    .select(['kind', 'reason', 'until', 'made_by'])
    .where('community_id', '=', community)
    .where('lifted_at', 'is', null)
    .where((e) => e.or([e('until', 'is', null), e('until', '>', at)]));
  return inForce
    .where('sanctions.account_id', '=', account)
    .unionAll(
      inForce
        .innerJoin('identities', (join) =>
          join
            .onRef('identities.platform', '=', 'sanctions.platform')
            .onRef('identities.platform_id', '=', 'sanctions.platform_id'),
        )
        .where('identities.account_id', '=', account),
    )
    .unionAll(inForce.where('sanctions.platform', '=', platform).where('sanctions.platform_id', '=', platformId));
});

export interface Whose {
  community: string;
  account?: string;
  identity?: { platform: string; platformId: string };
}

/** The heaviest that holds against somebody: a ban before a mute, then the one that lasts longest. */
export async function findStanding(db: Db, whose: Whose, at: number): Promise<Standing | undefined> {
  const [heaviest] = await findStandings(db, whose, at);
  return heaviest && { kind: heaviest.kind, reason: heaviest.reason, until: heaviest.until };
}

/** All that holds against somebody, the heaviest first. `madeBy`: an account, `platform:id`, or null for the word list. */
export async function findStandings(
  db: Db,
  whose: Whose,
  at: number,
): Promise<(Standing & { madeBy: string | null })[]> {
  const { community, account = '', identity } = whose;
  const rows = await selectStanding(db, community, at, account, identity?.platform ?? '', identity?.platformId ?? '');
  const held = rows.map(({ made_by: madeBy, kind, ...row }) => ({ ...row, kind: kind as Standing['kind'], madeBy }));
  return held.toSorted((a, b) => weight(b) - weight(a));
}

function weight({ kind, until }: Standing): number {
  return (kind === 'ban' ? 1e15 : 0) + (until ?? 9e14);
}

/** Whether anything at all holds in a community: where nothing does, nobody need be looked up. */
export async function anyInForce(db: Db, community: string, at: number): Promise<boolean> {
  const row = await db
    .selectFrom('sanctions')
    .select('id')
    .where('community_id', '=', community)
    .where('lifted_at', 'is', null)
    .where((e) => e.or([e('until', 'is', null), e('until', '>', at)]))
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

export interface SanctionsAsked {
  community: string;
  /** true: those that hold now; false: all the others; undefined: all. */
  active?: boolean;
  at: number;
  /** Those made before this one. */
  after?: string | undefined;
  limit: number;
}

/** Sanctions, newest first, each person once however many identities they have. */
export async function listSanctions(db: Db, asked: SanctionsAsked): Promise<Sanction[]> {
  let query = db
    .selectFrom('sanctions')
    .selectAll()
    .where('community_id', '=', asked.community)
    .where('part_of', 'is', null)
    .orderBy('id', 'desc')
    .limit(asked.limit);
  if (asked.after !== undefined) query = query.where('id', '<', asked.after);
  if (asked.active === true)
    query = query
      .where('lifted_at', 'is', null)
      .where((e) => e.or([e('until', 'is', null), e('until', '>', asked.at)]));
  if (asked.active === false)
    query = query.where((e) => e.or([e('lifted_at', 'is not', null), e('until', '<=', asked.at)]));
  return (await query.execute()).map(toSanction);
}

/** Every row of it is lifted. Undefined where there is no such sanction, or it was lifted before. */
export async function liftSanction(
  db: Db,
  asked: { community: string; id: string; by: string | null; at: number },
): Promise<(Sanction & { was: string | null }) | undefined> {
  const rows = await db
    .updateTable('sanctions')
    .set({ lifted_at: asked.at, lifted_by: asked.by })
    .where('community_id', '=', asked.community)
    .where((e) => e.or([e('id', '=', asked.id), e('part_of', '=', asked.id)]))
    .where('lifted_at', 'is', null)
    .returningAll()
    .execute();
  const main = rows.find(({ id }) => id === asked.id);
  return main && { ...toSanction(main), was: main.was };
}

export async function findSanction(db: Db, community: string, id: string): Promise<Sanction | undefined> {
  const row = await db
    .selectFrom('sanctions')
    .selectAll()
    .where('id', '=', id)
    .where('community_id', '=', community)
    .where('part_of', 'is', null)
    .executeTakeFirst();
  return row && toSanction(row);
}

/**
 * What holds against a name on a platform, in every community. `of`: the account whose name it was when it was sanctioned, as a
 * part of what holds against that account.
 */
export async function sanctionsOfName(
  db: Db,
  { platform, platformId }: { platform: string; platformId: string },
  at: number,
): Promise<(Sanction & { of: string | null })[]> {
  const rows = await db
    .selectFrom('sanctions')
    .leftJoin('sanctions as whole', 'whole.id', 'sanctions.part_of')
    .selectAll('sanctions')
    .select('whole.account_id as of')
    .where('sanctions.platform', '=', platform)
    .where('sanctions.platform_id', '=', platformId)
    .where('sanctions.lifted_at', 'is', null)
    .where((e) => e.or([e('sanctions.until', 'is', null), e('sanctions.until', '>', at)]))
    .execute();
  return rows.map(({ of, ...row }) => ({ ...toSanction(row), of }));
}

/** What held against a name alone holds against this account from now on, and against the name, as one of its own. */
export async function holdAgainst(
  db: Db,
  { id, account, was }: { id: string; account: string; was: string | null },
): Promise<void> {
  await db.updateTable('sanctions').set({ account_id: account, part_of: null, was }).where('id', '=', id).execute();
}

/** What holds against an account and a name holds against the account alone from now on: the name is somebody else's. */
export async function leaveName(db: Db, id: string): Promise<void> {
  await db.updateTable('sanctions').set({ platform: null, platform_id: null }).where('id', '=', id).execute();
}

/** Bans whose time is over and that nobody has ended yet, some at once. */
export async function endedBans(db: Db, at: number, limit: number): Promise<Sanction[]> {
  const rows = await db
    .selectFrom('sanctions')
    .selectAll()
    .where('kind', '=', 'ban')
    .where('lifted_at', 'is', null)
    .where('until', '<=', at)
    .where('part_of', 'is', null)
    .limit(limit)
    .execute();
  return rows.map(toSanction);
}

/** The newest one of a kind that holds against a person; for lifting it by their name. */
export async function newestAgainst(
  db: Db,
  asked: { community: string; kind: SanctionKind; at: number } & Pick<
    Sanctioned,
    'account' | 'platform' | 'platformId'
  >,
): Promise<Sanction | undefined> {
  const { account, platform, platformId } = asked;
  const row = await db
    .selectFrom('sanctions')
    .selectAll()
    .where('community_id', '=', asked.community)
    .where('kind', '=', asked.kind)
    .where('lifted_at', 'is', null)
    .where((e) => e.or([e('until', 'is', null), e('until', '>', asked.at)]))
    .where((e) =>
      account === null
        ? e.and([e('platform', '=', platform), e('platform_id', '=', platformId)])
        : e('account_id', '=', account),
    )
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!row) return undefined;
  return row.part_of === null ? toSanction(row) : findSanction(db, asked.community, row.part_of);
}

function toSanction(row: Selectable<Schema['sanctions']>): Sanction {
  return {
    id: row.id,
    community: row.community_id,
    account: row.account_id,
    platform: row.platform,
    platformId: row.platform_id,
    name: row.name,
    kind: row.kind as SanctionKind,
    reason: row.reason,
    madeBy: row.made_by,
    madeAt: row.made_at,
    until: row.until,
    liftedAt: row.lifted_at,
    liftedBy: row.lifted_by,
  };
}
