import { outgoingTo } from '#bus/bus.ts';
import { muteElsewhere } from '#chat/mute-elsewhere.ts';
import type { Clock } from '#core/clock.ts';
import { LIMITS } from '#core/limits.ts';
import type { ConnectorPorts, Overheard, PlatformAct } from '#core/platform.ts';
import { wordMatcher, type WordMatcher } from '#core/word-list.ts';
import { listWordRules } from '#storage/house-rules.ts';
import { findSpace } from '#storage/spaces.ts';
import type { Storage } from '#storage/storage.ts';

interface Watched {
  community: string;
  match: WordMatcher;
}

/**
 * Holds what is said on a platform against the word list of the community that the place belongs to, and asks the platform to
 * delete it; whoever said words that do so is muted everywhere. What is only held in the web chat is left alone: no platform lets a line wait.
 */
export function wordWatch(storage: Storage, clock: Clock): NonNullable<ConnectorPorts['overheard']> {
  const kept = new Map<string, { until: number; watched: Promise<Watched | undefined> }>();
  const mayAct = atMost(clock);
  const watchedAt = ({ platform, space }: Overheard): Promise<Watched | undefined> => {
    const key = `${platform} ${space}`;
    const known = kept.get(key);
    if (known && known.until > performance.now()) return known.watched;
    if (kept.size >= LIMITS.placesKept) kept.clear();
    const watched = look(storage, platform, space);
    kept.set(key, { watched, until: performance.now() + LIMITS.placeKept });
    return watched;
  };
  return async (line) => {
    const watched = await watchedAt(line);
    const found = watched?.match(line.text);
    if (!watched || !found || found.act === 'hold' || !mayAct(`${line.platform} ${line.space}`)) return;
    const { community } = watched;
    await storage.write((tx) => tx.publish(outgoingTo(line.platform), deletionOf(line, community)));
    const person = { platform: line.platform, platformId: line.person };
    if (found.act === 'mute') await muteElsewhere({ storage, clock }, { community, person, rule: found.id });
  };
}

async function look({ db }: Storage, platform: string, platformId: string): Promise<Watched | undefined> {
  const space = await findSpace(db, platform, platformId);
  if (!space) return undefined;
  return { community: space.community, match: wordMatcher(await listWordRules(db, space.community)) };
}

/** For each place so many a minute: acts wait among the answers, which a flood of bad words must not keep. */
export function atMost(clock: Clock, most: number = LIMITS.wordActs): (place: string) => boolean {
  let [from, taken] = [0, new Map<string, number>()];
  return (place) => {
    if (clock() - from >= 60_000) [from, taken] = [clock(), new Map()];
    const before = taken.get(place) ?? 0;
    taken.set(place, before + 1);
    return before < most;
  };
}

function deletionOf({ space, room, message, person }: Overheard, community: string): PlatformAct {
  const reason = 'The word list found words that are not allowed.';
  return { act: 'deleteMessage', community, target: { space, room, message, person }, reason };
}
