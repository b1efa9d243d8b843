import { muteElsewhere } from '#chat/mute-elsewhere.ts';
import type { Clock } from '#core/clock.ts';
import type { ConnectorPorts } from '#core/platform.ts';
import { wordMatcher } from '#core/word-list.ts';
import { record } from '#storage/audit.ts';
import { listWordRules } from '#storage/house-rules.ts';
import { findSpace } from '#storage/spaces.ts';
import type { Storage } from '#storage/storage.ts';
import { atMost } from './word-watch.ts';

/**
 * Writes down that a platform kept a line back for words of the list, and mutes whoever said words that do so. Of one place no
 * more in a minute than of lines that we take away ourselves: a raid must not fill the log.
 */
export function wordsBlocked(storage: Storage, clock: Clock): NonNullable<ConnectorPorts['blocked']> {
  const mayNote = atMost(clock);
  return async ({ platform, space: there, room, person, words }) => {
    const space = await findSpace(storage.db, platform, there);
    if (!space || !mayNote(`${platform} ${there}`)) return;
    const { community } = space;
    const rule = wordMatcher(await listWordRules(storage.db, community))(words);
    const detail = JSON.stringify({ platform, space: there, ...(room !== undefined && { room }), words });
    const entry = { community, account: null, action: 'moderation.words', subject: `${platform}:${person}`, detail };
    await storage.write((tx) => record(tx.db, { ...entry, at: clock() }));
    if (rule?.act === 'mute')
      await muteElsewhere({ storage, clock }, { community, person: { platform, platformId: person }, rule: rule.id });
  };
}
