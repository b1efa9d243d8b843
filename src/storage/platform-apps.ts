import { sql, type Kysely, type Selectable } from 'kysely';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** An application of a community on a platform; on Slack a workspace that was added. Its token is a sealed secret of the community's. */
export interface PlatformApp {
  id: string;
  community: string;
  platform: string;
  /** The platform's own id of it. */
  platformId: string;
  name: string;
  state: AppState;
  why: string | null;
  createdBy: string | null;
  createdAt: number;
}

/** As its connector noted it last. */
export type AppState = 'live' | 'waiting' | 'refused';

type AppKey = Pick<PlatformApp, 'platform' | 'platformId'>;

export async function findApp(db: Db, { platform, platformId }: AppKey): Promise<PlatformApp | undefined> {
  const row = await db
    .selectFrom('platform_apps')
    .selectAll()
    .where('platform', '=', platform)
    .where('platform_id', '=', platformId)
    .executeTakeFirst();
  return row && toApp(row);
}

export async function getApp(db: Db, id: string): Promise<PlatformApp | undefined> {
  const row = await db.selectFrom('platform_apps').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toApp(row);
}

export async function hasApp(db: Db, id: string): Promise<boolean> {
  return (await db.selectFrom('platform_apps').select('id').where('id', '=', id).executeTakeFirst()) !== undefined;
}

/** A community's applications: one on Discord at most, on Slack one for each workspace that was added. */
export async function listApps(db: Db, community: string): Promise<PlatformApp[]> {
  const rows = await db
    .selectFrom('platform_apps')
    .selectAll()
    .where('community_id', '=', community)
    .orderBy('id')
    .execute();
  return rows.map(toApp);
}

/** Keeps it; one that is known begins anew. */
export async function putApp(db: Db, app: PlatformApp): Promise<void> {
  const { name, state, why } = app;
  await db
    .insertInto('platform_apps')
    .values({
      id: app.id,
      community_id: app.community,
      platform: app.platform,
      platform_id: app.platformId,
      created_by: app.createdBy,
      created_at: app.createdAt,
      name,
      state,
      why,
    })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ name, state, why }))
    .execute();
}

export async function noteAppState(
  db: Db,
  id: string,
  { state, why }: Pick<PlatformApp, 'state' | 'why'>,
): Promise<void> {
  await db.updateTable('platform_apps').set({ state, why }).where('id', '=', id).execute();
}

/** The places that it served stay the community's, as places that the bot was removed from. */
export async function deleteApp(db: Db, id: string, at: number): Promise<void> {
  await db.updateTable('spaces').set({ app_id: null, gone_at: at }).where('app_id', '=', id).execute();
  await db.deleteFrom('platform_apps').where('id', '=', id).execute();
}

/** An application with what its token is sealed in; null where the community has forgotten it. */
export interface SealedApp {
  id: string;
  community: string;
  platformId: string;
  sealed: string | null;
  /** When the token was typed, ms since 1970. */
  setAt: number | null;
}

/** What tokens are kept for: one purpose, or one for each application, with its id on the platform in small letters behind. */
export type TokenPurpose = { is: string } | { begins: string };

/** Every community's application on a platform. */
export function sealedApps(db: Db, platform: string, purpose: TokenPurpose): Promise<SealedApp[]> {
  const wanted =
    'is' in purpose ? sql<string>`${purpose.is}` : sql<string>`${purpose.begins} || lower(platform_apps.platform_id)`;
  return db
    .selectFrom('platform_apps')
    .leftJoin('secrets', (join) =>
      join.onRef('secrets.owner', '=', 'platform_apps.community_id').on('secrets.purpose', '=', wanted),
    )
    .select(['platform_apps.id', 'platform_apps.community_id as community', 'platform_apps.platform_id as platformId'])
    .select(['secrets.sealed', 'secrets.set_at as setAt'])
    .where('platform_apps.platform', '=', platform)
    .orderBy('platform_apps.id')
    .execute();
}

function toApp(row: Selectable<Schema['platform_apps']>): PlatformApp {
  const { id, platform, name, why } = row;
  return {
    id,
    community: row.community_id,
    platform,
    platformId: row.platform_id,
    name,
    state: row.state as AppState,
    why,
    createdBy: row.created_by,
    createdAt: row.created_at,
  };
}
