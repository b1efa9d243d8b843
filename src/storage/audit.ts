import type { Kysely } from 'kysely';
import { newId } from '#core/ids.ts';
import { hot } from './hot.ts';
import type { Schema } from './schema.ts';

export interface AuditEntry {
  community: string | null;
  /** An account, `platform:id` for somebody who has none, null for the operator at the command line. */
  account: string | null;
  /** `platform:id` where somebody did it from there, whether an account of theirs is known or not. */
  identity?: string;
  /** What was done, such as `command.stock`, `room.create`. */
  action: string;
  /** What it was done to: an id. */
  subject?: string;
  detail?: string;
  /** Where: a room's id, or `platform:room`. */
  place?: string;
  /** The code of a refusal; left out where it was done. */
  result?: string;
  at: number;
}

/** Writes down who did what. Never holds what people wrote, nor secrets. */
export async function record(db: Kysely<Schema>, entry: AuditEntry): Promise<void> {
  const { community, account, action, subject, detail, place, at } = entry;
  const [platform, platformId] = identityOf(entry.identity ?? account);
  await insertEntry(
    db,
    newId('evt', at),
    community,
    account,
    action,
    subject ?? null,
    detail ?? null,
    at,
    platform,
    platformId,
    place ?? null,
    entry.result ?? DONE,
  );
}

/** What stands as the result of what was not refused. */
export const DONE = 'done';

/** The platform and the id there of `platform:id`; nothing of an account here. */
function identityOf(person: string | null): [platform: string | null, id: string | null] {
  const colon = person?.indexOf(':') ?? -1;
  return person === null || colon < 0 ? [null, null] : [person.slice(0, colon), person.slice(colon + 1)];
}

type Columns = [
  id: string,
  community: string | null,
  account: string | null,
  action: string,
  subject: string | null,
  detail: string | null,
  at: number,
  platform: string | null,
  platformId: string | null,
  place: string | null,
  result: string,
];

const insertEntry = hot<Columns, never>(
  11,
  (db, [id, community, account, action, subject, detail, at, platform, platformId, place, result]) =>
    db.insertInto('audit').values({
      id,
      community_id: community,
      account_id: account,
      action,
      subject,
      detail,
      at,
      platform,
      platform_id: platformId,
      place,
      result,
    }),
);
