import type { Kysely, Selectable } from 'kysely';
import { newId } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import type { WaitingMail } from '#core/mail.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

export interface NewMail extends Pick<WaitingMail, 'kind' | 'ref'> {
  account?: string;
  at: number;
  /** Minutes that it is tried; the usual time where left out. */
  minutes?: number;
}

/** In the commit of what asks for it, so that no mail is lost and none is sent for nothing. */
export async function insertMail(db: Db, { kind, account, ref, at, minutes }: NewMail): Promise<string> {
  const id = newId('mail', at);
  await db
    .insertInto('mail_outbox')
    .values({
      id,
      kind,
      account_id: account ?? null,
      ref: JSON.stringify(ref),
      created_at: at,
      due_at: at,
      expires_at: at + (minutes ?? LIMITS.mailTriedMinutes) * 60_000,
    })
    .execute();
  return id;
}

/** Where the newest mail of this kind to an account goes that still waits. */
export async function waitingAddress(
  db: Db,
  { account, kind, now }: { account: string; kind: string; now: number },
): Promise<string | undefined> {
  const row = await db
    .selectFrom('mail_outbox')
    .select('ref')
    .where('account_id', '=', account)
    .where('kind', '=', kind)
    .where('expires_at', '>', now)
    .orderBy('created_at', 'desc')
    .executeTakeFirst();
  return row && (JSON.parse(row.ref) as WaitingMail['ref'])['to'];
}

/** Takes mails that are due in hand, the oldest first; no other process has them until then. */
export async function takeMails(db: Db, { at, limit }: { at: number; limit: number }): Promise<WaitingMail[]> {
  const due = db
    .selectFrom('mail_outbox')
    .select('id')
    .where('due_at', '<=', at)
    .where('taken_until', '<=', at)
    .orderBy('due_at')
    .limit(limit);
  const rows = await db
    .updateTable('mail_outbox')
    .set({ taken_until: at + LIMITS.mailTakenFor })
    .where('id', 'in', due)
    // Of two processes that look at once the second one asks again, behind the first one's commit.
    .where('taken_until', '<=', at)
    .returningAll()
    .execute();
  return rows.map(toMail);
}

/** Whether anything is due: asked without writing, as mostly nothing is. */
export async function anyMailDue(db: Db, at: number): Promise<boolean> {
  const row = await db
    .selectFrom('mail_outbox')
    .select('id')
    .where('due_at', '<=', at)
    .where('taken_until', '<=', at)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** It was sent, or is not to be. */
export async function deleteMail(db: Db, id: string): Promise<void> {
  await db.deleteFrom('mail_outbox').where('id', '=', id).execute();
}

/** What waits for an account of these kinds is not to be sent any more. */
export async function deleteMailsOf(db: Db, account: string, kinds: readonly string[]): Promise<void> {
  await db.deleteFrom('mail_outbox').where('account_id', '=', account).where('kind', 'in', kinds).execute();
}

/** It was not sent, and is tried again then. */
export async function putOffMail(db: Db, id: string, dueAt: number): Promise<void> {
  await db
    .updateTable('mail_outbox')
    .set((e) => ({ due_at: dueAt, taken_until: 0, tries: e('tries', '+', 1) }))
    .where('id', '=', id)
    .execute();
}

function toMail(row: Selectable<Schema['mail_outbox']>): WaitingMail {
  return {
    id: row.id,
    kind: row.kind,
    account: row.account_id,
    ref: JSON.parse(row.ref) as Record<string, string>,
    createdAt: row.created_at,
    tries: row.tries,
    expiresAt: row.expires_at,
  };
}
