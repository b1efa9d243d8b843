import type { Kysely } from 'kysely';
import type { GateCounts, TestMail } from '#core/verification.ts';
import { DONE } from './audit.ts';
import { verifiedAccounts } from './gate.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** How much of a community's list is proved, and whom its gate holds back. */
export async function countGate(db: Db, community: string, at: number): Promise<GateCounts> {
  const { own, linked } = verifiedAccounts(db, community);
  const rows = db.selectNoFrom((e) => {
    const count = e.fn.countAll<number>().as('count');
    const list = e.selectFrom('list_people').where('community_id', '=', community);
    const proved = e.selectFrom('verifications').where('community_id', '=', community).where('ended_at', 'is', null);
    const asked = e
      .selectFrom('verify_requests')
      .where('community_id', '=', community)
      .where('state', 'in', ['mailing', 'live', 'waiting'])
      .where('expires_at', '>', at);
    const barred = e.selectFrom('verify_bars').where('community_id', '=', community).where('lifted_at', 'is', null);
    const held = e.selectFrom('behind_gate').where('community_id', '=', community);
    const wouldBe = e
      .selectFrom('members')
      .where('community_id', '=', community)
      .where('role', '=', 'member')
      .where('account_id', 'not in', own)
      .where('account_id', 'not in', linked);
    return [
      list.select(count).as('entries'),
      proved.select(count).as('verified'),
      asked.select(count).as('pending'),
      barred.select(count).as('barred'),
      held.select(count).as('held'),
      wouldBe.select(count).as('wouldBe'),
    ];
  });
  const row = await rows.executeTakeFirstOrThrow();
  const figure = (of: keyof GateCounts): number => Number(row[of] ?? 0);
  return {
    entries: figure('entries'),
    verified: figure('verified'),
    pending: figure('pending'),
    barred: figure('barred'),
    held: figure('held'),
    wouldBe: figure('wouldBe'),
  };
}

/** The newest test of the mails: on its way, or what came of it. */
export async function lastTestMail(db: Db, community: string): Promise<TestMail | null> {
  const last = await db
    .selectFrom('audit')
    .select(['at', 'result', 'subject'])
    .where('community_id', '=', community)
    .where('action', '=', TEST_MAIL)
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!last) return null;
  if (last.result !== DONE) return { at: last.at, state: 'refused' };
  const waiting = await db.selectFrom('mail_outbox').select('id').where('id', '=', last.subject).executeTakeFirst();
  return { at: last.at, state: waiting ? 'going' : 'sent' };
}

export const TEST_MAIL = 'verification.test-mail';
