import { refused, unknown, type AppError } from '#core/errors.ts';
import type { Act, By, Done } from '#core/moderation.ts';
import { whyNot } from '#core/permission.ts';
import type { Role } from '#core/roles.ts';
import { record } from '#storage/audit.ts';
import { addMember, roleIn } from '#storage/communities.ts';
import { orderChanged } from '#storage/house-rules.ts';
import { findIdentity } from '#storage/identities.ts';
import { inTurn } from '#storage/in-turn.ts';
import { endedBans, liftSanction, newestAgainst, type Sanction } from '#storage/sanctions.ts';
import type { Storage, Tx } from '#storage/storage.ts';
import { tellOf } from './change-member.ts';
import type { Chat } from './chat.ts';
import { askPlatforms } from './platform-acts.ts';
import { tellModerators } from './tell-moderators.ts';
import { meet, namesElsewhere } from './whom.ts';

/** Ends a mute or a ban. Who was banned is let in again as what they were, a member at most. */
export async function lift(chat: Chat, by: By, asked: { id: string; reason: string }): Promise<Done> {
  const refusal = whyNot(by, 'sanction.lift');
  if (refusal) throw refusal;
  const at = chat.clock();
  const ended = await chat.storage.write(async (tx) => {
    await inTurn(tx.db, `sanctions of ${by.community}`);
    const done = await endOne(tx, { ...asked, community: by.community, by: by.account, at });
    if (!done) throw unknown('sanction');
    if ((await whoseIs(tx, done.sanction)) === by.account) throw yourOwn();
    return done;
  });
  const { account, name } = ended.sanction;
  if (account !== null) tellOf(chat, { community: by.community, account });
  await tellModerators(chat, by.community, account === null ? [] : [account]);
  return { id: asked.id, name, platforms: ended.platforms };
}

/** The same by the person's name. */
export async function liftFrom(chat: Chat, { by, whom, reason, kind }: Act & { kind: 'mute' | 'ban' }): Promise<Done> {
  const refusal = whyNot(by, 'sanction.lift');
  if (refusal) throw refusal;
  const { account, elsewhere } = await meet(chat.storage.db, by.community, whom);
  const [first] = elsewhere;
  const whose = { account, platform: first?.platform ?? null, platformId: first?.platformId ?? null };
  const asked = { community: by.community, kind, at: chat.clock(), ...whose };
  const found = await newestAgainst(chat.storage.db, asked);
  if (!found) throw unknown('sanction');
  return lift(chat, by, { id: found.id, reason });
}

interface ToEnd {
  community: string;
  id: string;
  /** null: its time is over. */
  by: string | null;
  at: number;
  reason: string;
}

/** Undefined where it is no more. */
async function endOne(tx: Tx, asked: ToEnd): Promise<{ sanction: Sanction; platforms: string[] } | undefined> {
  const { community, at, by, reason } = asked;
  const lifted = await liftSanction(tx.db, asked);
  if (!lifted) return undefined;
  const { account, kind, name } = lifted;
  if (kind === 'ban' && account !== null && lifted.was !== null && !(await roleIn(tx.db, community, account)))
    await addMember(tx.db, { community, account, role: lifted.was as Role, at });
  await orderChanged(tx.db, community);
  const subject = account ?? `${lifted.platform}:${lifted.platformId}`;
  const detail = JSON.stringify({ person: name, ...(reason !== '' && { reason }) });
  const action = kind === 'ban' ? 'moderation.unban' : 'moderation.unmute';
  await record(tx.db, { community, account: by, action, subject, detail, at });
  const elsewhere = await namesOf(tx, lifted);
  const act = kind === 'ban' ? { act: 'unban' as const, reason } : { act: 'timeOut' as const, seconds: 0, reason };
  return { sanction: lifted, platforms: await askPlatforms(tx, { community, elsewhere, act }) };
}

/** An account, or `platform:id`. */
async function whoseIs(tx: Tx, { account, platform, platformId }: Sanction): Promise<string> {
  if (account !== null) return account;
  const linked = await findIdentity(tx.db, { platform: platform ?? '', platformId: platformId ?? '' });
  return linked?.account ?? `${platform}:${platformId}`;
}

function yourOwn(): AppError {
  return refused(
    'your-own-sanction',
    'This holds against you. Another moderator can end it.',
    'sanction.lift: nobody ends their own; another moderator can',
  );
}

/** The name that it was made against among them, also where the account that linked it has unlinked it. */
async function namesOf(tx: Tx, { account, platform, platformId }: Sanction) {
  const linked = account === null ? [] : await namesElsewhere(tx.db, account);
  if (platform === null || platformId === null) return linked;
  const known = linked.some((one) => one.platform === platform && one.platformId === platformId);
  return known ? linked : [...linked, { platform, platformId }];
}

/** Bans that are ended at once. */
const SOME = 50;

/** Ends bans whose time is over, so that people are members again without anybody's doing. */
export async function endBans(storage: Storage, at: number): Promise<void> {
  for (const { id, community } of await endedBans(storage.db, at, SOME))
    await storage.write(async (tx) => {
      await inTurn(tx.db, `sanctions of ${community}`);
      await endOne(tx, { community, id, by: null, at, reason: 'Its time is over.' });
    });
}
