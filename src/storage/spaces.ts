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
}

const selectSpace = hot<[platform: string, platformId: string], Selectable<Schema['spaces']>>(
  2,
  (db, [platform, platformId]) =>
    db.selectFrom('spaces').selectAll().where('platform', '=', platform).where('platform_id', '=', platformId),
);

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
    .onConflict((conflict) => conflict.columns(['platform', 'platform_id']).doUpdateSet({ name, seen_at: at }))
    .returningAll()
    .executeTakeFirstOrThrow();
  return toSpace(row);
}

/** A community's places, by platform and name. */
export async function listSpaces(db: Db, community: string): Promise<Space[]> {
  const rows = await db
    .selectFrom('spaces')
    .selectAll()
    .where('community_id', '=', community)
    .orderBy('platform')
    .orderBy('name')
    .orderBy('id')
    .execute();
  return rows.map(toSpace);
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
    .returningAll()
    .executeTakeFirst();
  return row && toSpace(row);
}

function toSpace(row: Selectable<Schema['spaces']>): Space {
  const { id, platform, name, symbol } = row;
  return { id, community: row.community_id, platform, platformId: row.platform_id, name, symbol, seenAt: row.seen_at };
}
