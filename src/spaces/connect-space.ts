import { issueCode, takeCode, type IssuedCode } from '#auth/one-time-codes.ts';
import { conflict, refused, type AppError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { LIMITS } from '#core/limits.ts';
import { whyNot } from '#core/permission.ts';
import { mappedRole } from '#core/role-mapping.ts';
import { atLeast } from '#core/roles.ts';
import { record } from '#storage/audit.ts';
import { findCommunity, roleIn } from '#storage/communities.ts';
import { inTurn } from '#storage/in-turn.ts';
import { RULES_CHANGED, writeFact } from '#storage/instance.ts';
import { countSpaces, findSpace, moveSpace, type Space } from '#storage/spaces.ts';
import type { Tx } from '#storage/storage.ts';
import { nameOf, type PlatformName, type SpaceParts } from './spaces.ts';

/** A code that an administrator of a place types there, so that it becomes the community's. */
export async function askToConnect(
  parts: SpaceParts,
  { community, by, platform }: { community: string; by: string; platform: PlatformName },
): Promise<IssuedCode> {
  if (!parts.health(platform)) throw notServed(platform);
  const wanted = { purpose: PURPOSE, account: by, community, platform, platformId: null, name: null };
  return parts.storage.write(async (tx) => {
    const issued = await issueCode(parts, tx, { ...wanted, minutes: LIMITS.connectCodeMinutes });
    const detail = JSON.stringify({ platform });
    await record(tx.db, { community, account: by, action: 'space.code', detail, at: parts.clock() });
    return issued;
  });
}

/** Somebody who typed a code in a place of a platform. */
export interface Typist {
  platform: string;
  /** The guild, workspace or channel; undefined in a direct message. */
  place: string | undefined;
  /** `platform:id`. */
  identity: string;
  /** What they are there, in the platform's own words. */
  platformRoles: readonly string[];
}

/** The place becomes the code's community's. Who types it must look after the place by the platform's own word. */
export async function connectSpace(
  parts: SpaceParts,
  typist: Typist,
  typed: string,
): Promise<{ space: Space; community: string }> {
  const { platform, place, identity: who, platformRoles } = typist;
  if (place === undefined) throw noPlace(platform);
  // The community that has the place now has no say in it: only what the platform tells counts.
  if (!atLeast(mappedRole({ platform, platformRoles }), 'admin')) throw notTheirs(platform);
  return takeCode(parts, { purpose: PURPOSE, typed, who, platform }, async (tx, { community, account }) => {
    if (community === null || account === null) throw new Error('a code to connect is of a community');
    await inTurn(tx.db, `space ${platform} ${place}`);
    const maker = whyNot({ account, role: await roleIn(tx.db, community, account) }, 'space.change');
    if (maker) throw makerGone();
    const space = await take(tx, parts, { platform, place, community, account, who });
    return { space, community: (await findCommunity(tx.db, community))?.name ?? community };
  });
}

const PURPOSE = 'connect';

interface Taking {
  platform: string;
  place: string;
  community: string;
  account: string;
  /** Who typed the code. */
  who: string;
}

async function take(tx: Tx, { clock }: SpaceParts, taking: Taking): Promise<Space> {
  const { platform, place, community, account, who } = taking;
  const found = await findSpace(tx.db, platform, place);
  if (!found) throw noPlace(platform);
  if (found.app !== null && found.community !== community) throw ownApplication();
  if (found.community === community && found.connectedBy !== null) throw alreadyThere();
  const isNew = found.community !== community;
  if (isNew && (await countSpaces(tx.db, community)) >= LIMITS.spacesPerCommunity) throw tooMany();
  const at = clock();
  const space = await moveSpace(tx.db, found.id, { community, by: account, at });
  const entry = { account, identity: who, subject: found.id, detail: JSON.stringify({ platform }), at };
  await record(tx.db, { ...entry, community, action: 'space.connect' });
  if (isNew) await record(tx.db, { ...entry, community: found.community, action: 'space.leave' });
  await writeFact(tx.db, RULES_CHANGED, newId('evt'));
  return space ?? found;
}

function notServed(platform: string): AppError {
  return conflict(
    'platform-off',
    `The bot is not on ${nameOf(platform)}: the operator of this hall has not set it up. docs/${platform}.md says how.`,
  );
}

function noPlace(platform: string): AppError {
  const where = { discord: 'a channel of your server', twitch: 'your channel’s chat' }[platform] ?? 'your workspace';
  return conflict('no-place', `This is typed in ${where}, so that the bot knows which place is meant.`);
}

function notTheirs(platform: string): AppError {
  const who =
    { discord: 'the owner of the server, or somebody with the right Administrator', twitch: 'the broadcaster' }[
      platform
    ] ?? 'an owner or admin of the workspace';
  return refused(
    'not-your-place',
    `Only ${who} can connect it.`,
    `connect: ${who}; ${nameOf(platform)} tells who that is`,
  );
}

function makerGone(): AppError {
  return refused(
    'maker-not-admin',
    'Whoever made this code may not connect places any more. Ask an admin of the community for another one.',
    'space.change: admin and up; an admin or owner can change it',
  );
}

function alreadyThere(): AppError {
  return conflict('already-connected', 'This place is connected to that community already.');
}

function ownApplication(): AppError {
  return conflict(
    'own-application',
    'This place is served by an application of its community. An admin there can take it away on the page Spaces.',
  );
}

function tooMany(): AppError {
  return conflict(
    'too-many-spaces',
    `The community has ${LIMITS.spacesPerCommunity} places, and there is room for no more. Disconnect one first.`,
  );
}
