import type { PlaceHealth } from '#core/place-health.ts';
import { listApps, type PlatformApp } from '#storage/platform-apps.ts';
import { listSpaces, type ListedSpace, type SpacePage } from '#storage/spaces.ts';
import { nameOf, PLATFORMS, type PlatformNow, type SpaceParts } from './spaces.ts';

export type { SpacePage };
export type SeenSpace = ListedSpace & { health: PlaceHealth };

/** A community's places with how they are, a page of them. */
export async function seeSpaces(
  { storage, health }: SpaceParts,
  community: string,
  page: SpacePage,
): Promise<{ spaces: SeenSpace[]; next?: string }> {
  const rows = await listSpaces(storage.db, community, { ...page, limit: page.limit + 1 });
  const apps = new Map((await listApps(storage.db, community)).map((app) => [app.id, app]));
  const spaces = rows
    .slice(0, page.limit)
    .map((space) => ({ ...space, health: healthOf(space, health(space.platform), apps.get(space.app ?? '')) }));
  const last = spaces.at(-1);
  return { spaces, ...(rows.length > page.limit && last && { next: last.id }) };
}

/** How each platform is that a place can be on. */
export function seePlatforms({ health }: SpaceParts): { platform: string; health: PlaceHealth }[] {
  return PLATFORMS.map((platform) => ({ platform, health: ofPlatform(platform, health(platform)) }));
}

function healthOf(space: ListedSpace, now: PlatformNow | undefined, app: PlatformApp | undefined): PlaceHealth {
  const whole = ofPlatform(space.platform, now);
  if (whole.state === 'off') return whole;
  if (space.goneAt !== null) return { ...whole, state: 'removed', why: removedFrom(space.platform) };
  const why = now?.places?.[space.platformId] ?? now?.places?.[space.name];
  if (app && (app.state !== 'live' || why === undefined))
    return { state: app.state, ...(app.why !== null && { why: app.why }) };
  return why === undefined || whole.state !== 'live' ? whole : { ...whole, state: 'refused', why };
}

function removedFrom(platform: string): string {
  return platform === 'slack' ? WORDS.removedFromSlack : WORDS.removed(nameOf(platform));
}

function ofPlatform(platform: string, now: PlatformNow | undefined): PlaceHealth {
  if (!now) return { state: 'off', why: WORDS.off(nameOf(platform)) };
  const { state, why, heardAt } = now;
  const heard = heardAt === undefined ? {} : { heardAt };
  // What single places miss is told with them.
  if (state === 'up') return { state: 'live', ...heard };
  return { state: state === 'refused' ? 'refused' : 'waiting', ...(why !== undefined && { why }), ...heard };
}

const WORDS = {
  off: (name: string) => `No process of this hall serves ${name} now. The operator can start one.`,
  removed: (name: string) => `The bot was removed there. Invite it again on ${name}, or disconnect the place here.`,
  removedFromSlack: 'The bot was removed there. Add the workspace again, or disconnect the place here.',
};
