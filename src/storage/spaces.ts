import type { Kysely, Selectable } from 'kysely';
import { newId } from '#core/ids.ts';
import { hot } from './hot.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** A community's place on a platform: a guild, a workspace, a channel. */
export interface Space {
  id: string;
  community: string;
  platform: string;
  /** The platform's own id of it. */
  platformId: string;
  name: string;
  /** What stands before commands there, where the platform has no sign of its own; null for the usual one. */
  symbol: string | null;
  seenAt: number;
  /** The account that proved that it is theirs to connect; null where it came by itself. */
  connectedBy: string | null;
  connectedAt: number | null;
  /** The community's own application that serves it; null for the operator's bot. */
  app: string | null;
  /** The bot was removed from it. */
  goneAt: number | null;
}

/** A role that people may have in a place, as the platform calls it. */
export interface PlaceRole {
  id: string;
  name: string;
}

const selectSpace = hot<[platform: string, platformId: string], SpaceRow>(2, (db, [platform, platformId]) =>
  db.selectFrom('spaces').select(COLUMNS).where('platform', '=', platform).where('platform_id', '=', platformId),
);

/** All but the roles there, which may be long. */
const COLUMNS = [
  'id',
  'community_id',
  'platform',
  'platform_id',
  'name',
  'symbol',
  'seen_at',
  'connected_by',
  'connected_at',
  'app_id',
  'gone_at',
] as const;

type SpaceRow = Pick<Selectable<Schema['spaces']>, (typeof COLUMNS)[number]>;

export async function findSpace(db: Db, platform: string, platformId: string): Promise<Space | undefined> {
  const [row] = await selectSpace(db, platform, platformId);
  return row && toSpace(row);
}

export interface SeenSpace {
  platform: string;
  platformId: string;
  name: string;
  /** Where it belongs when it is new; a known one stays where it is. */
  community: string;
  at: number;
}

/** Notes a place and how it is called now; gives it as it is known. */
export async function ensureSpace(db: Db, { platform, platformId, name, community, at }: SeenSpace): Promise<Space> {
  const row = await db
    .insertInto('spaces')
    .values({
      id: newId('space', at),
      community_id: community,
      platform,
      platform_id: platformId,
      name,
      symbol: null,
      seen_at: at,
    })
    .onConflict((conflict) =>
      conflict.columns(['platform', 'platform_id']).doUpdateSet({ name, seen_at: at, gone_at: null }),
    )
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
  return toSpace(row);
}

/** A place that a community's own application serves. One that was another's is the community's from then on, and nobody vouches for it. */
export async function serveSpace(db: Db, { app, ...seen }: SeenSpace & { app: string }): Promise<Space> {
  const space = await ensureSpace(db, seen);
  const { id, community } = space;
  if (community !== seen.community) await moveSpace(db, id, { community: seen.community, by: null, at: seen.at });
  const row = await db
    .updateTable('spaces')
    .set({ app_id: app })
    .where('id', '=', id)
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
  return toSpace(row);
}

/** Where a community is on some platforms, of the places that are still there. */
export function placesOn(
  db: Db,
  community: string,
  platforms: string[],
): Promise<{ platform: string; platform_id: string; name: string }[]> {
  return db
    .selectFrom('spaces')
    .select(['platform', 'platform_id', 'name'])
    .where('community_id', '=', community)
    .where('platform', 'in', platforms)
    .where('gone_at', 'is', null)
    .orderBy('id')
    .execute();
}

/** From the place behind `after`, an id, so many. */
export interface SpacePage {
  after?: string | undefined;
  limit: number;
}

/** With the name of who connected it. */
export type ListedSpace = Space & { connectedByName: string | null };

/** A community's places, in the order in which they came. */
export async function listSpaces(db: Db, community: string, { after, limit }: SpacePage): Promise<ListedSpace[]> {
  let query = db
    .selectFrom('spaces')
    .leftJoin('accounts', 'accounts.id', 'spaces.connected_by')
    .select(COLUMNS.map((column) => `spaces.${column}` as const))
    .select('accounts.name as connectedByName')
    .where('spaces.community_id', '=', community)
    .orderBy('spaces.id')
    .limit(limit);
  if (after !== undefined) query = query.where('spaces.id', '>', after);
  const rows = await query.execute();
  return rows.map((row) => ({ ...toSpace(row), connectedByName: row.connectedByName }));
}

/** A place of the community. */
export async function getSpace(db: Db, community: string, id: string): Promise<Space | undefined> {
  const row = await db
    .selectFrom('spaces')
    .select(COLUMNS)
    .where('id', '=', id)
    .where('community_id', '=', community)
    .executeTakeFirst();
  return row && toSpace(row);
}

export async function countSpaces(db: Db, community: string): Promise<number> {
  const { count } = await db
    .selectFrom('spaces')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('community_id', '=', community)
    .executeTakeFirstOrThrow();
  return Number(count);
}

export interface Owner {
  community: string;
  /** Who proved it; null where it goes back to where it came from. */
  by: string | null;
  at: number;
}

/**
 * Gives the place to a community. The sign before commands was the one before's choice and goes. Without `by` nobody vouches
 * for the place any more.
 */
export async function moveSpace(db: Db, space: string, { community, by, at }: Owner): Promise<Space | undefined> {
  const row = await db
    .updateTable('spaces')
    .set({ community_id: community, connected_by: by, connected_at: by === null ? null : at, symbol: null })
    .where('id', '=', space)
    .returning(COLUMNS)
    .executeTakeFirst();
  return row && toSpace(row);
}

/** The bot is there no more. It keeps its community, should the bot come back. */
export async function markGone(db: Db, { platform, platformId }: PlaceKey, at: number): Promise<void> {
  await db
    .updateTable('spaces')
    .set({ gone_at: at })
    .where('platform', '=', platform)
    .where('platform_id', '=', platformId)
    .execute();
}

export type PlaceKey = Pick<Space, 'platform' | 'platformId'>;

/** The roles that were noted in a place, as the JSON that they are kept as. */
export async function findRoles(db: Db, { platform, platformId }: PlaceKey): Promise<string | null | undefined> {
  const row = await db
    .selectFrom('spaces')
    .select('platform_roles')
    .where('platform', '=', platform)
    .where('platform_id', '=', platformId)
    .executeTakeFirst();
  return row?.platform_roles;
}

/** Notes which roles there are in a place: JSON of `PlaceRole`s. */
export async function noteRoles(db: Db, { platform, platformId }: PlaceKey, roles: string): Promise<void> {
  await db
    .updateTable('spaces')
    .set({ platform_roles: roles })
    .where('platform', '=', platform)
    .where('platform_id', '=', platformId)
    .execute();
}

/** Places whose roles are offered: a guild has 250 at most. */
const PLACES_WITH_ROLES = 20;

/** The roles that there are in a community's places. */
export async function listPlaceRoles(db: Db, community: string): Promise<{ platform: string; roles: PlaceRole[] }[]> {
  const rows = await db
    .selectFrom('spaces')
    .select(['platform', 'platform_roles as roles'])
    .where('community_id', '=', community)
    .where('platform_roles', 'is not', null)
    // Those of strangers' guilds, which may be many, are worth nothing here.
    .where('connected_at', 'is not', null)
    .orderBy('id')
    .limit(PLACES_WITH_ROLES)
    .execute();
  return rows.map(({ platform, roles }) => ({ platform, roles: JSON.parse(roles ?? '[]') as PlaceRole[] }));
}

/** Undefined where the community has no such place. */
export async function setSpaceSymbol(
  db: Db,
  { community, space, symbol }: { community: string; space: string; symbol: string | null },
): Promise<Space | undefined> {
  const row = await db
    .updateTable('spaces')
    .set({ symbol })
    .where('id', '=', space)
    .where('community_id', '=', community)
    .returning(COLUMNS)
    .executeTakeFirst();
  return row && toSpace(row);
}

function toSpace(row: SpaceRow): Space {
  const { id, platform, name, symbol } = row;
  return {
    id,
    community: row.community_id,
    platform,
    platformId: row.platform_id,
    name,
    symbol,
    seenAt: row.seen_at,
    connectedBy: row.connected_by,
    connectedAt: row.connected_at,
    app: row.app_id,
    goneAt: row.gone_at,
  };
}
