import type { Kysely } from 'kysely';
import { newId } from '#core/ids.ts';
import { hot } from './hot.ts';
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
  const { community, account, action, subject, detail, at } = entry;
  await insertEntry(db, newId('evt', at), community, account, action, subject ?? null, detail ?? null, at);
}

type Columns = [
  id: string,
  community: string | null,
  account: string | null,
  action: string,
  subject: string | null,
  detail: string | null,
  at: number,
];

const insertEntry = hot<Columns, never>(7, (db, [id, community, account, action, subject, detail, at]) =>
  db.insertInto('audit').values({ id, community_id: community, account_id: account, action, subject, detail, at }),
);
