import { identityOf, whisper } from '#core/message.ts';
import { nicknameBy } from '#core/place-gate.ts';
import type { PlatformAct } from '#core/platform.ts';
import { unableTo } from '#core/unable.ts';
import type { GateSettings, Prover } from '#core/verification.ts';
import { LIMITS } from '#core/limits.ts';
import { letThrough, sendBack } from '#storage/gate.ts';
import { listIdentities, type IdentityKey } from '#storage/identities.ts';
import { listSpaces } from '#storage/spaces.ts';
import type { Tx } from '#storage/storage.ts';
import type { VerifyParts } from './parts.ts';

export interface Whom {
  community: string;
  /** An account, or `platform:id`. */
  subject: string;
}

/** What follows from being verified, in the same commit: the role here, and on each platform the role and the name. Gives the accounts that changed. */
export async function giveRight(
  parts: VerifyParts,
  tx: Tx,
  { community, subject, gate, name }: Whom & { gate: GateSettings; name: string },
): Promise<string[]> {
  await onPlatforms(parts, tx, { community, subject }, (space, target) => [
    ...roleAct('grantRole', gate.roles[space], { community, target }),
    ...nameAct(gate, name, { community, target }),
  ]);
  return isAccount(subject) && (await letThrough(tx.db, community, subject)) ? [subject] : [];
}

/** What follows from being so no more. */
export async function takeRight(
  parts: VerifyParts,
  tx: Tx,
  { community, subject, gate }: Whom & { gate: GateSettings },
): Promise<string[]> {
  await onPlatforms(parts, tx, { community, subject }, (space, target) =>
    roleAct('removeRole', gate.roles[space], { community, target }),
  );
  return isAccount(subject) && (await sendBack(tx.db, community, subject)) ? [subject] : [];
}

/** Tells somebody privately where they asked. `id`: of what it is about, so that it is told once. */
export async function tell(
  parts: VerifyParts,
  tx: Tx,
  {
    to,
    id,
    text,
  }: {
    to: Pick<Prover, 'community' | 'platform' | 'platformId' | 'name' | 'space' | 'room'>;
    id: string;
    text: string;
  },
): Promise<void> {
  const { community, platform, platformId, name, space, room } = to;
  // A caller over HTTP has had its answer.
  if (platform === 'http') return;
  const account = OURS.has(platform) ? platformId : `${platform}:${platformId}`;
  await parts.send(tx, platform, {
    id,
    n: 1,
    final: true,
    to: {
      platform,
      account,
      ...(room !== undefined && { room }),
      ...(space !== undefined && { via: { guild: space } }),
    },
    community,
    reply: whisper(text),
    cause: { account, name, text: '/verify' },
  });
}

const OURS: ReadonlySet<string> = new Set(['webchat', 'http']);

/** Names on platforms have a colon, accounts none. */
export function isAccount(subject: string): boolean {
  return !subject.includes(':');
}

interface Target {
  space: string;
  person: string;
}

/** Asks for the same in each of the community's places that a person may be in. */
async function onPlatforms(
  parts: VerifyParts,
  tx: Tx,
  { community, subject }: Whom,
  actsFor: (space: string, target: Target) => PlatformAct[],
): Promise<void> {
  const names: IdentityKey[] = isAccount(subject) ? await listIdentities(tx.db, subject) : [identityOf(subject)];
  if (names.length === 0) return;
  const spaces = await listSpaces(tx.db, community, { limit: LIMITS.spacesPerCommunity });
  const there = spaces.filter(({ goneAt }) => goneAt === null);
  for (const { platform, platformId: person } of names) {
    const places = there.filter((one) => one.platform === platform);
    const acts = places.flatMap(({ id, platformId: space }) => actsFor(id, { space, person }));
    for (const act of acts.filter((one) => unableTo(platform, one.act) === undefined))
      await parts.send(tx, platform, act);
  }
}

function roleAct(
  act: 'grantRole' | 'removeRole',
  role: string | undefined,
  of: Pick<PlatformAct, 'community' | 'target'>,
): PlatformAct[] {
  return role === undefined ? [] : [{ act, ...of, value: role, reason: 'The verification gate.' }];
}

function nameAct(
  { nickname }: GateSettings,
  name: string,
  of: Pick<PlatformAct, 'community' | 'target'>,
): PlatformAct[] {
  if (nickname === null) return [];
  return [{ act: 'setNickname', ...of, value: nicknameBy(nickname, name), reason: 'The verification gate.' }];
}
