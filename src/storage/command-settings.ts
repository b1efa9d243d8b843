import type { Kysely } from 'kysely';
import { hot } from './hot.ts';
import type { Schema } from './schema.ts';

export interface CommandSetting {
  on: boolean;
  /** The least role, where the community chose another than the command's own. */
  allow: string | null;
}

const findSetting = hot<[community: string, command: string], { is_on: number; allow: string | null }>(
  2,
  (db, [community, command]) =>
    db
      .selectFrom('command_settings')
      .select(['is_on', 'allow'])
      .where('community_id', '=', community)
      .where('command', '=', command),
);

/** The community's own table for a command; undefined where it left everything as declared. */
export async function readCommandSetting(
  db: Kysely<Schema>,
  community: string,
  command: string,
): Promise<CommandSetting | undefined> {
  const [row] = await findSetting(db, community, command);
  return row && { on: row.is_on === 1, allow: row.allow };
}
