import { conflict, unknown, type AppError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { findAccount } from '#storage/accounts.ts';
import { record } from '#storage/audit.ts';
import {
  deleteIdentity,
  findIdentity,
  insertIdentity,
  listIdentities,
  type Identity,
  type IdentityKey,
} from '#storage/identities.ts';
import { inTurn } from '#storage/in-turn.ts';
import type { Tx } from '#storage/storage.ts';
import { letThrough } from '#storage/gate.ts';
import { bindingOf, bindingsOf, moveBinding } from '#storage/verifications.ts';
import type { Auth } from './auth.ts';
import { carrySanctions } from './linked-sanctions.ts';

/** An account's names elsewhere, the first one linked first. */
export function seeIdentities({ storage }: Pick<Auth, 'storage'>, account: string): Promise<Identity[]> {
  return listIdentities(storage.db, account);
}

export interface LinkedIdentity {
  identity: Identity;
  /** Communities where something holds against it, and so against the account from now on: for `tellSanctioned`. */
  sanctionedIn: string[];
}

/**
 * Links an identity that was proved. Linking again what the account has changes nothing. 409 `identity-taken` where another
 * account has it, `too-many-identities`, `verified-as-another`, and what `carrySanctions` throws.
 */
export async function linkIdentity(tx: Tx, wanted: Identity): Promise<LinkedIdentity> {
  const { account, platform, platformId, proof, linkedAt: at } = wanted;
  await inTurn(tx.db, identitiesOf(account));
  const mine = await listIdentities(tx.db, account);
  const known = mine.find((one) => one.platform === platform && one.platformId === platformId);
  if (known) return { identity: known, sanctionedIn: [] };
  if (mine.length >= LIMITS.identitiesPerAccount) throw tooMany();
  if ((await findIdentity(tx.db, wanted)) !== undefined) throw taken(platform);
  const sanctionedIn = await carrySanctions(tx, wanted);
  await takeOverEntries(tx, wanted);
  // Of two accounts that link it at once the database lets one through.
  if (!(await insertIdentity(tx.db, wanted))) throw taken(platform);
  await record(tx.db, { ...actOf(wanted), action: 'identity.link', detail: JSON.stringify({ proof }), at });
  return { identity: wanted, sanctionedIn };
}

/** Where the name is verified, the account is so from now on. 409 where the account is verified there as somebody else. */
async function takeOverEntries(tx: Tx, { account, platform, platformId }: IdentityKey & { account: string }) {
  for (const { id, community, key } of await bindingsOf(tx.db, `${platform}:${platformId}`)) {
    await inTurn(tx.db, `verification of ${community}`);
    const mine = await bindingOf(tx.db, community, account);
    if (mine && mine.key !== key) throw verifiedAsAnother(platform);
    await moveBinding(tx.db, id, account);
    await letThrough(tx.db, community, account);
  }
}

function verifiedAsAnother(platform: string): AppError {
  return conflict(
    'verified-as-another',
    `On ${nameOf(platform)} you are verified as another person of a list than with this account. Type unverify at one of the two; then come back.`,
  );
}

/** Takes an identity from its account. 404 where it is not theirs, 409 `last-way-in` where nothing else would let them in. */
export async function unlinkIdentity(
  { storage, clock }: Pick<Auth, 'storage' | 'clock'>,
  asked: IdentityKey & { account: string },
): Promise<void> {
  await storage.write(async (tx) => {
    await inTurn(tx.db, identitiesOf(asked.account));
    await needOtherWayIn(tx, asked);
    if (!(await deleteIdentity(tx.db, asked))) throw unknown('identity');
    await record(tx.db, { ...actOf(asked), action: 'identity.unlink', at: clock() });
  });
}

/** Names on platforms let nobody in; the issuer of a sign-in does, and may be all that somebody has. */
async function needOtherWayIn(tx: Tx, { account, platform, platformId }: IdentityKey & { account: string }) {
  if (PLATFORMS.has(platform)) return;
  if ((await findIdentity(tx.db, { platform, platformId }))?.account !== account) return;
  if ((await findAccount(tx.db, { id: account }))?.passwordHash !== '') return;
  const others = (await listIdentities(tx.db, account)).filter((one) => !PLATFORMS.has(one.platform));
  if (others.length > 1) return;
  throw conflict('last-way-in', 'This is the only way in to your account. Set a password first, then take it away.');
}

/** Where people have names and do not sign in by them. */
const PLATFORMS: ReadonlySet<string> = new Set(['discord', 'slack', 'twitch']);

function identitiesOf(account: string): string {
  return `identities of ${account}`;
}

function actOf({ account, platform, platformId }: IdentityKey & { account: string }) {
  return { community: null, account, subject: `${platform}:${platformId}` };
}

function taken(platform: string): AppError {
  const where = nameOf(platform);
  return conflict(
    'identity-taken',
    `This ${where} person is linked to another account here. If that is you, sign in with it and unlink ${where} on its profile page; then come back.`,
  );
}

/** As people write it. */
export function nameOf(platform: string): string {
  return PLATFORMS.has(platform) ? platform.slice(0, 1).toUpperCase() + platform.slice(1) : 'sign-in';
}

function tooMany(): AppError {
  return conflict(
    'too-many-identities',
    `There are ${LIMITS.identitiesPerAccount} names linked to this account, and there is place for no more. Unlink one first.`,
  );
}
