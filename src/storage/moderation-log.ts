import { sql, type Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/** One act of order, as the log shows it. */
export interface ModerationEntry {
  id: string;
  at: number;
  action: string;
  /** Who did it; null for the word list, and for times that ran out. */
  by: string | null;
  byName: string | null;
  subject: string | null;
  detail: string | null;
  result: string | null;
}

/**
 * The audit's entries about order in the house, newest first; `after` is the last one of the page before. The condition
 * is written as it stands in the index, or no database would use it.
 */
export async function moderationLog(
  db: Kysely<Schema>,
  { community, after, limit }: { community: string; after?: string | undefined; limit: number },
): Promise<ModerationEntry[]> {
  let query = db
    .selectFrom('audit')
    .leftJoin('accounts', 'accounts.id', 'audit.account_id')
    .select(['audit.id', 'audit.at', 'action', 'account_id as by', 'accounts.name as byName'])
    .select(['subject', 'detail', 'result'])
    .where('community_id', '=', community)
    .where(sql<boolean>`substr(action, 1, 11) = 'moderation.'`)
    .orderBy('audit.id', 'desc')
    .limit(limit);
  if (after !== undefined) query = query.where('audit.id', '<', after);
  return query.execute();
}
