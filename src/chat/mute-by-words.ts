import type { Clock } from '#core/clock.ts';
import { newId } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import { record } from '#storage/audit.ts';
import { orderChanged } from '#storage/house-rules.ts';
import { insertSanction } from '#storage/sanctions.ts';
import type { Storage } from '#storage/storage.ts';
import type { Person } from './chat.ts';

/** Mutes somebody whose post held words that do so. No moderator did it: the rule stands in their place. */
export async function muteByWords(
  { storage, clock }: { storage: Storage; clock: Clock },
  { person, community, rule }: { person: Person; community: string; rule: string },
): Promise<void> {
  const at = clock();
  const { account, name } = person;
  const until = at + LIMITS.wordMuteMinutes * 60_000;
  const whom = { account, platform: null, platformId: null, name };
  const open = { partOf: null, was: null, liftedAt: null, liftedBy: null };
  const id = newId('sanc', at);
  const sanction = { ...whom, ...open, id, community, kind: 'mute' as const, until, madeBy: null, madeAt: at };
  await storage.write(async (tx) => {
    await insertSanction(tx.db, { ...sanction, reason: 'The word list found words that are not allowed.' });
    await orderChanged(tx.db, community);
    const detail = JSON.stringify({ person: name, until, rule });
    await record(tx.db, { community, account: null, action: 'moderation.mute', subject: account, detail, at });
  });
}
