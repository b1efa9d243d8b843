import type { Clock } from '#core/clock.ts';
import { newId } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import { atLeast } from '#core/roles.ts';
import { record } from '#storage/audit.ts';
import { orderChanged } from '#storage/house-rules.ts';
import type { IdentityKey } from '#storage/identities.ts';
import { inTurn } from '#storage/in-turn.ts';
import { findStanding } from '#storage/sanctions.ts';
import type { Storage, Tx } from '#storage/storage.ts';
import { askPlatforms } from './platform-acts.ts';
import { insertAll } from './sanction.ts';
import { meet, subjectOf, type Met } from './whom.ts';

const REASON = 'The word list found words that are not allowed.';

/**
 * Mutes somebody who said words on a platform that do so: here, and on every platform where they are known. Whoever keeps order
 * in the community is left alone, and who is muted already stays so.
 */
export async function muteElsewhere(
  { storage, clock }: { storage: Storage; clock: Clock },
  { community, person, rule }: { community: string; person: IdentityKey; rule: string },
): Promise<void> {
  const at = clock();
  await storage.write(async (tx) => {
    await inTurn(tx.db, `sanctions of ${community}`);
    const met = await meet(tx.db, community, { ...person, name: person.platformId });
    if (met.role && atLeast(met.role, 'moderator')) return;
    const whose = { community, identity: person, ...(met.account !== null && { account: met.account }) };
    if (await findStanding(tx.db, whose, at)) return;
    await mute(tx, { community, met, rule, at });
  });
}

async function mute(
  tx: Tx,
  { community, met, rule, at }: { community: string; met: Met; rule: string; at: number },
): Promise<void> {
  const { account, name } = met;
  const until = at + LIMITS.wordMuteMinutes * 60_000;
  const open = { platform: null, platformId: null, partOf: null, was: null, liftedAt: null, liftedBy: null };
  const row = { ...open, id: newId('sanc', at), community, account, name, kind: 'mute' as const, reason: REASON };
  await insertAll(tx, { ...row, madeBy: null, madeAt: at, until }, met);
  await orderChanged(tx.db, community);
  const detail = JSON.stringify({ person: name, until, rule });
  await record(tx.db, { community, account: null, action: 'moderation.mute', subject: subjectOf(met), detail, at });
  const act = { act: 'timeOut' as const, seconds: LIMITS.wordMuteMinutes * 60, reason: REASON };
  await askPlatforms(tx, { community, elsewhere: met.elsewhere, act });
}
