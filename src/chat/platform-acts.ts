import { outgoingTo } from '#bus/bus.ts';
import type { PlatformAct } from '#core/platform.ts';
import { whyNotSlow } from '#core/unable.ts';
import type { IdentityKey } from '#storage/identities.ts';
import { placesOn } from '#storage/spaces.ts';
import type { Tx } from '#storage/storage.ts';

/** What a platform is asked to do to a person. */
export type PersonAct = Pick<PlatformAct, 'act' | 'seconds' | 'reason' | 'by'>;

/**
 * Asks the platforms to do the same, in the commit of what they follow: their connectors do it in each of the community's
 * places, at least once. Gives the platforms that are asked.
 */
export async function askPlatforms(
  tx: Tx,
  { community, elsewhere, act }: { community: string; elsewhere: IdentityKey[]; act: PersonAct },
): Promise<string[]> {
  if (elsewhere.length === 0) return [];
  const platforms = elsewhere.map(({ platform }) => platform);
  const places = (await placesOn(tx.db, community, platforms)).filter((one) => one.platform_id !== DIRECT);
  const asked = new Set<string>();
  for (const { platform, platformId } of elsewhere)
    for (const place of places.filter((one) => one.platform === platform)) {
      const body: PlatformAct = { ...act, community, target: { space: place.platform_id, person: platformId } };
      await tx.publish(outgoingTo(platform), body);
      asked.add(platform);
    }
  return [...asked];
}

/** Discord’s direct messages: a place of talks between two, where there is nobody to take out. */
const DIRECT = 'direct';

/** Asks a platform for slow mode in one of its rooms. Twitch names a room as we name the place. */
export async function askSlowMode(
  tx: Tx,
  { community, platform, room, seconds }: { community: string; platform: string; room: string; seconds: number },
): Promise<void> {
  const refusal = whyNotSlow(platform, seconds);
  if (refusal) throw refusal;
  const places = await placesOn(tx.db, community, [platform]);
  const place = places.find(({ name }) => name === room) ?? places[0];
  if (!place) return;
  const body: PlatformAct = { act: 'slowMode', community, seconds, target: { space: place.platform_id, room } };
  await tx.publish(outgoingTo(platform), body);
}
