import type { Kysely } from 'kysely';
import { newId } from '#core/ids.ts';
import type { Schema } from './schema.ts';

export interface AuditEntry {
  community: string | null;
  account: string | null;
  /** What was done, such as `command.stock`, `room.create`. */
  action: string;
  /** What it was done to: an id. */
  subject?: string;
  detail?: string;
  at: number;
}

/** Writes down who did what. Never holds what people wrote, nor secrets. */
export async function record(db: Kysely<Schema>, entry: AuditEntry): Promise<void> {
  await db
    .insertInto('audit')
    .values({
      id: newId('evt', entry.at),
      community_id: entry.community,
      account_id: entry.account,
      action: entry.action,
      subject: entry.subject ?? null,
      detail: entry.detail ?? null,
      at: entry.at,
    })
    .execute();
}
