import type { Kysely } from 'kysely';
import { deleteWords } from './rooms.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** What goes at once: it decides who may do something, or is small. Rooms are marked, and go with their words. */
const ITS_OWN = [
  'members',
  'invites',
  'spaces',
  'command_settings',
  'command_uses',
  'feature_settings',
  'role_mappings',
  'platform_apps',
  'sanctions',
  'reports',
  'word_rules',
  'held_messages',
  'incoming_webhooks',
  'verify_settings',
  'lists',
  'list_rows',
  'list_imports',
  'list_sources',
  'list_reached',
  'verify_requests',
  'verifications',
  'verify_bars',
  'behind_gate',
  'verify_told',
  'mail_refused',
  'mail_doors',
  'reach_outs',
] as const satisfies (keyof Schema)[];

/** Nobody is in the community from then on, and nothing of it is anybody's to see. */
export async function emptyCommunity(db: Db, id: string, at: number): Promise<void> {
  for (const table of ITS_OWN) await db.deleteFrom(table).where('community_id', '=', id).execute();
  await db.deleteFrom('one_time_codes').where('community_id', '=', id).execute();
  await db.deleteFrom('secrets').where('owner', '=', id).execute();
  await db.updateTable('rooms').set({ deleted_at: at }).where('community_id', '=', id).execute();
  await db.updateTable('communities').set({ ended_at: at }).where('id', '=', id).execute();
}

/** Removes some of what is left of communities that ended. False where nothing is left. */
export async function sweepEndedCommunities(db: Db): Promise<boolean> {
  const ended = await db
    .selectFrom('communities')
    .select('id')
    .where('ended_at', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  if (!ended) return false;
  const worded = await db
    .selectFrom('rooms')
    .innerJoin('messages', 'messages.room_id', 'rooms.id')
    .select('rooms.id')
    .where('rooms.community_id', '=', ended.id)
    .limit(1)
    .executeTakeFirst();
  if (worded) await deleteWords(db, worded.id);
  else await db.deleteFrom('communities').where('id', '=', ended.id).execute();
  return true;
}
