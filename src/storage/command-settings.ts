import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

export interface CommandSetting {
  on: boolean;
  /** The least role, where the community chose another than the command's own. */
  allow: string | null;
}

export async function readCommandSetting(
  db: Kysely<Schema>,
  community: string,
  command: string,
): Promise<CommandSetting | undefined> {
  const row = await db
    .selectFrom('command_settings')
    .select(['is_on', 'allow'])
    .where('community_id', '=', community)
    .where('command', '=', command)
    .executeTakeFirst();
  return row && { on: row.is_on === 1, allow: row.allow };
}
