import type { Kysely } from 'kysely';
import type { RoleMapping } from '#core/role-mapping.ts';
import type { Role } from '#core/roles.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** What a community says that platforms' roles are worth, by platform and role. */
export async function listMappings(db: Db, community: string): Promise<RoleMapping[]> {
  const rows = await db
    .selectFrom('role_mappings')
    .select(['platform', 'platform_role as platformRole', 'role'])
    .where('community_id', '=', community)
    .orderBy('platform')
    .orderBy('platform_role')
    .execute();
  return rows.map((row) => ({ ...row, role: row.role as Role }));
}

/** Puts this table in the place of the one before. */
export async function replaceMappings(db: Db, community: string, mappings: readonly RoleMapping[]): Promise<void> {
  await db.deleteFrom('role_mappings').where('community_id', '=', community).execute();
  if (mappings.length === 0) return;
  const rows = mappings.map(({ platform, platformRole, role }) => ({
    community_id: community,
    platform,
    platform_role: platformRole,
    role,
  }));
  await db.insertInto('role_mappings').values(rows).execute();
}
