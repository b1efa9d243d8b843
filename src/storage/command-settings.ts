import type { Kysely } from 'kysely';
import { applyChange, isAsDeclared, type CommandChange, type CommandSetting } from '#core/command-setting.ts';
import type { Role } from '#core/roles.ts';
import { hot } from './hot.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

interface Row {
  is_on: number;
  allow: string | null;
  settings: string | null;
}

const findSetting = hot<[community: string, command: string], Row>(2, (db, [community, command]) =>
  db
    .selectFrom('command_settings')
    .select(['is_on', 'allow', 'settings'])
    .where('community_id', '=', community)
    .where('command', '=', command),
);

/** What the community decided about a command; undefined where it left everything as declared. */
export async function readCommandSetting(
  db: Db,
  community: string,
  command: string,
): Promise<CommandSetting | undefined> {
  const [row] = await findSetting(db, community, command);
  return row && toSetting(row);
}

/** All that the community decided, by command. */
export async function listCommandSettings(db: Db, community: string): Promise<Map<string, CommandSetting>> {
  const rows = await db.selectFrom('command_settings').selectAll().where('community_id', '=', community).execute();
  return new Map(rows.map((row) => [row.command, toSetting(row)]));
}

/** Changes the fields that are given, within a commit; gives the whole as it is then. */
export async function changeCommandSetting(
  db: Db,
  { community, command, change }: { community: string; command: string; change: CommandChange },
): Promise<CommandSetting> {
  const next = applyChange(toSetting(await holdRow(db, community, command)), change);
  await (isAsDeclared(next) ? deleteRow(db, community, command) : updateRow(db, { community, command, next }));
  return next;
}

/** Of these accounts those that are not in the community. */
export async function strangersAmong(db: Db, community: string, accounts: string[]): Promise<string[]> {
  if (accounts.length === 0) return [];
  const rows = await db
    .selectFrom('members')
    .select('account_id')
    .where('community_id', '=', community)
    .where('account_id', 'in', accounts)
    .execute();
  const members = new Set(rows.map((row) => row.account_id));
  return accounts.filter((account) => !members.has(account));
}

/** The row, made where it is not there; nobody else changes it until the commit, on PostgreSQL neither. */
async function holdRow(db: Db, community: string, command: string): Promise<Row> {
  return db
    .insertInto('command_settings')
    .values({ community_id: community, command, is_on: 1, allow: null, settings: null })
    .onConflict((conflict) => conflict.columns(['community_id', 'command']).doUpdateSet({ command }))
    .returning(['is_on', 'allow', 'settings'])
    .executeTakeFirstOrThrow();
}

async function deleteRow(db: Db, community: string, command: string): Promise<void> {
  await db
    .deleteFrom('command_settings')
    .where('community_id', '=', community)
    .where('command', '=', command)
    .execute();
}

async function updateRow(
  db: Db,
  { community, command, next }: { community: string; command: string; next: CommandSetting },
): Promise<void> {
  const { on, allow, ...settings } = next;
  await db
    .updateTable('command_settings')
    .set({
      is_on: on ? 1 : 0,
      allow: typeof allow === 'object' ? JSON.stringify(allow) : (allow ?? null),
      settings: Object.keys(settings).length > 0 ? JSON.stringify(settings) : null,
    })
    .where('community_id', '=', community)
    .where('command', '=', command)
    .execute();
}

function toSetting({ is_on, allow, settings }: Row): CommandSetting {
  return {
    on: is_on === 1,
    ...(allow !== null && { allow: allow.startsWith('[') ? (JSON.parse(allow) as string[]) : (allow as Role) }),
    ...(settings !== null && (JSON.parse(settings) as Omit<CommandSetting, 'on' | 'allow'>)),
  };
}
