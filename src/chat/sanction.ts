import { newId } from '#core/ids.ts';
import type { Act, By, Done } from '#core/moderation.ts';
import { whyNot } from '#core/permission.ts';
import type { Role } from '#core/roles.ts';
import { record } from '#storage/audit.ts';
import { orderChanged } from '#storage/house-rules.ts';
import { inTurn } from '#storage/in-turn.ts';
import { deleteMember } from '#storage/members.ts';
import {
  insertSanction,
  liftSanction,
  newestAgainst,
  type NewSanction,
  type SanctionKind,
} from '#storage/sanctions.ts';
import type { Tx } from '#storage/storage.ts';
import { tellOf } from './change-member.ts';
import type { Chat } from './chat.ts';
import { askPlatforms, type PersonAct } from './platform-acts.ts';
import { tellModerators } from './tell-moderators.ts';
import { meet, subjectOf, type Met } from './whom.ts';

export interface Wanted extends Act {
  kind: SanctionKind;
  /** Without it a ban has no end. */
  minutes?: number;
}

/**
 * Mutes, kicks or bans a person, on every platform at once. One of the same kind that held before makes way for it. From its
 * commit on nobody takes a post of theirs, in whichever process.
 */
export async function sanction(chat: Chat, wanted: Wanted): Promise<Done> {
  const { by, whom } = wanted;
  const at = chat.clock();
  const id = newId('sanc', at);
  const { met, platforms } = await chat.storage.write(async (tx) => {
    await inTurn(tx.db, `sanctions of ${by.community}`);
    await inTurn(tx.db, `members of ${by.community}`);
    const met = await meet(tx.db, by.community, whom);
    const refusal = whyNot(by, `person.${wanted.kind}`, { role: met.role });
    if (refusal) throw refusal;
    return { met, platforms: await store(tx, { wanted, met, id, at }) };
  });
  const { account, name } = met;
  if (account !== null && wanted.kind !== 'mute') tellOf(chat, { community: by.community, account });
  await tellModerators(chat, by.community, account === null ? [] : [account]);
  return { id, name, platforms };
}

const ACTIONS = { mute: 'moderation.mute', kick: 'moderation.kick', ban: 'moderation.ban' } as const;

interface ToStore {
  wanted: Wanted;
  met: Met;
  id: string;
  at: number;
}

async function store(tx: Tx, { wanted, met, id, at }: ToStore): Promise<string[]> {
  const { by, kind, reason, minutes } = wanted;
  const { community } = by;
  const until = kind === 'kick' || minutes === undefined ? null : at + minutes * 60_000;
  const was = await makeWay(tx, { by, kind, met, at });
  await insertAll(tx, rowsOf({ wanted, met, id, at }, { until, was }), met);
  if (kind !== 'mute' && met.account !== null) await deleteMember(tx.db, community, met.account);
  await orderChanged(tx.db, community);
  const detail = JSON.stringify({ person: met.name, reason, ...(until !== null && { until }) });
  const subject = subjectOf(met);
  await record(tx.db, { community, account: by.account, action: ACTIONS[kind], subject, detail, at });
  return askPlatforms(tx, { community, elsewhere: met.elsewhere, act: actFor(wanted) });
}

/** Ends one of the same kind that holds. Gives the role that a ban takes, or took before. */
async function makeWay(
  tx: Tx,
  { by, kind, met, at }: { by: By; kind: SanctionKind; met: Met; at: number },
): Promise<string | null> {
  const role = kind === 'ban' && met.role !== undefined ? atMostMember(met.role) : null;
  const [first] = met.elsewhere;
  const whose = { account: met.account, platform: first?.platform ?? null, platformId: first?.platformId ?? null };
  const before = await newestAgainst(tx.db, { community: by.community, kind, at, ...whose });
  const lifted = before && (await liftSanction(tx.db, { community: by.community, id: before.id, by: by.account, at }));
  return role ?? lifted?.was ?? null;
}

/** What somebody comes back as. */
function atMostMember(role: Role): Role {
  return role === 'guest' ? role : 'member';
}

function rowsOf(
  { wanted: { by, kind, reason }, met, id, at }: ToStore,
  { until, was }: { until: number | null; was: string | null },
): NewSanction {
  const over = kind === 'kick';
  return {
    id,
    community: by.community,
    account: met.account,
    platform: null,
    platformId: null,
    name: met.name,
    kind,
    reason,
    madeBy: by.account,
    madeAt: at,
    until,
    liftedAt: over ? at : null,
    liftedBy: over ? by.account : null,
    partOf: null,
    was,
  };
}

/** A row for the person, and one for each of their names on platforms: it holds there also after they have unlinked it. */
export async function insertAll(tx: Tx, main: NewSanction, { account, elsewhere }: Met): Promise<void> {
  const [first, ...others] = elsewhere;
  const alone = account === null;
  await insertSanction(tx.db, alone && first ? { ...main, ...first } : main);
  const more = alone ? others : elsewhere;
  for (const name of more)
    await insertSanction(tx.db, { ...main, ...name, id: newId('sanc', main.madeAt), account: null, partOf: main.id });
}

function actFor({ by: { account, role }, kind, minutes, reason }: Wanted): PersonAct {
  const by = { account, role };
  if (kind === 'mute') return { act: 'timeOut', seconds: (minutes ?? 0) * 60, reason, by };
  return { act: kind, reason, by };
}
