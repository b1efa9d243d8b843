import { LIMITS } from '#core/limits.ts';
import { identityOf, type IncomingMessage } from '#core/message.ts';
import { roleOf, type RoleMapping } from '#core/role-mapping.ts';
import { atGate } from '#storage/gate.ts';
import { findSpeaker, type Speaker } from '#storage/identities.ts';
import { isOnlyCommunity } from '#storage/communities.ts';
import { listMappings } from '#storage/role-mappings.ts';
import { findSpace } from '#storage/spaces.ts';
import type { OwnedPlace } from '#core/platform.ts';
import type { Storage } from '#storage/storage.ts';

/** A message as it came from a platform, with who speaks as we know them. */
export type WhoSpeaks = (message: IncomingMessage) => Promise<IncomingMessage>;

/**
 * Gives who speaks on a platform the account that they linked, and the role that they have here: by what they are there and
 * the table of the place's community, or by their membership. THE place where a platform's person becomes a person of ours.
 */
export function whoSpeaks(storage: Storage): WhoSpeaks {
  const settled = keptFor(LIMITS.placeKept, LIMITS.placesKept, (key: string) => look(storage, key));
  const linked = linkedTo(storage);
  const held = heldBack(storage);
  return async (message) => {
    const { who, from, place, community } = message;
    const [{ mappings, trusted }, speaker] = await Promise.all([
      settled(JSON.stringify([from.platform, place ?? '', community])),
      linked(who.account, community),
    ]);
    const { platformRoles = [] } = who;
    const theirs = roleOf({ platform: from.platform, platformRoles, mappings, trusted, membership: speaker?.role });
    const role = theirs === 'member' && (await held(who.account, community)) ? 'guest' : theirs;
    if (!speaker) return { ...message, who: { ...who, role } };
    const { account, disabled } = speaker;
    return { ...message, who: { ...who, account, role, identity: who.account, ...(disabled && { disabled }) } };
  };
}

/** Whose a secret is that a person of a platform types: the account's, where they linked one. */
export function secretOwner(storage: Storage): (person: string) => Promise<string> {
  const linked = linkedTo(storage);
  return async (person) => (await linked(person, NO_COMMUNITY))?.account ?? person;
}

const NO_COMMUNITY = '';

/** The account of `platform:id`, with its role in a community. What is linked or unlinked is seen within a second. */
function linkedTo(storage: Storage): (person: string, community: string) => Promise<Speaker | undefined> {
  const found = keptFor(LIMITS.placeKept, LIMITS.placesKept, (key: string) => {
    const [person, community] = JSON.parse(key) as [string, string];
    return findSpeaker(storage.db, { ...identityOf(person), community });
  });
  return (person, community) => found(JSON.stringify([person, community]));
}

/** Whether the gate of a community holds a person of a platform back. */
function heldBack(storage: Storage): (person: string, community: string) => Promise<boolean> {
  const found = keptFor(LIMITS.placeKept, LIMITS.placesKept, async (key: string) => {
    const [person, community] = JSON.parse(key) as [string, string];
    return (await atGate(storage.db, community, person)) === 'unverified';
  });
  return (person, community) => found(JSON.stringify([person, community]));
}

/** What a place's community decided about roles, and whether anybody vouched for the place. */
async function look(storage: Storage, key: string): Promise<{ mappings: RoleMapping[]; trusted: boolean }> {
  const [platform, place, community] = JSON.parse(key) as [string, string, string];
  const [mappings, trusted] = await Promise.all([
    listMappings(storage.db, community),
    isTrusted(storage, { platform, platformId: place, community }),
  ]);
  return { mappings, trusted };
}

/**
 * Whether somebody vouched that the place is the community's. The operator's settings name channels and workspaces; anybody may
 * invite a bot into a guild, and add it to a workspace where members may install apps. Where all is one community's there is
 * nobody to keep apart, and the operator keeps the bot private instead.
 */
export async function isTrusted(
  { db }: Pick<Storage, 'db'>,
  { platform, platformId, community }: OwnedPlace,
): Promise<boolean> {
  const [space, alone] = await Promise.all([findSpace(db, platform, platformId), isOnlyCommunity(db)]);
  if (platform !== 'discord' && !space?.app) return true;
  return alone || (space?.community === community && space.connectedAt !== null);
}

/** Remembers what was found for some ms, of as many keys; then all of it goes. */
function keptFor<T>(ms: number, most: number, find: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const kept = new Map<string, { found: Promise<T>; until: number }>();
  return (key) => {
    const known = kept.get(key);
    if (known && known.until > performance.now()) return known.found;
    const found = find(key);
    if (kept.size >= most) kept.clear();
    kept.set(key, { found, until: performance.now() + ms });
    found.catch(() => kept.delete(key));
    return found;
  };
}
