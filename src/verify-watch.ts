import { outgoingTo } from '#bus/bus.ts';
import type { Clock } from '#core/clock.ts';
import { LIMITS } from '#core/limits.ts';
import { whisper, type OutgoingMessage } from '#core/message.ts';
import { newId } from '#core/ids.ts';
import type { PlaceGate } from '#core/place-gate.ts';
import type { ConnectorPorts, Overheard, PlatformAct } from '#core/platform.ts';
import type { Storage } from '#storage/storage.ts';
import { atMost } from './word-watch.ts';

export interface VerifyWatchParts {
  storage: Storage;
  clock: Clock;
  gate: PlaceGate;
  space: ConnectorPorts['space'];
}

/**
 * The verification gate where a connector reads every line and knows nothing of the gate: on Twitch. There the line is deleted and
 * its writer is told in the chat, once, as Twitch lets bots tell nobody alone. On Slack no bot can delete what others wrote.
 */
export function verifyWatch({
  storage,
  clock,
  gate,
  space,
}: VerifyWatchParts): NonNullable<ConnectorPorts['overheard']> {
  const mayAct = atMost(clock, LIMITS.gateActs);
  const rulesAt = kept(async ({ platform, space: platformId, room: name }: Overheard) => {
    const { community } = await space({ platform, platformId, name });
    const place = { platform, platformId, community };
    return { place, rules: await gate.rules(place) };
  });
  return async (line) => {
    if (line.platform !== 'twitch') return;
    const there = await rulesAt(line);
    if (there.rules?.mode !== 'delete') return;
    const { place } = there;
    const { person } = line;
    const standing = (await gate.look(place, [{ person, platformRoles: [] }])).get(person);
    if (standing?.is !== 'held' || !mayAct(`${line.platform} ${line.space}`)) return;
    const first = await gate.tellOnce(place, person);
    await storage.write(async (tx) => {
      const to = outgoingTo(line.platform);
      await tx.publish(to, deletionOf(line, place.community));
      if (first) await tx.publish(to, noticeOf(line, place.community));
    });
  };
}

function deletionOf({ space, room, message, person }: Overheard, community: string): PlatformAct {
  return {
    act: 'deleteMessage',
    community,
    target: { space, room, message, person },
    reason: 'The verification gate.',
  };
}

function noticeOf({ platform, room, person, name = '' }: Overheard, community: string): OutgoingMessage {
  const account = `${platform}:${person}`;
  return {
    id: newId('job'),
    n: 1,
    final: true,
    to: { platform, account, room, via: { name } },
    community,
    reply: whisper(NOTICE),
    cause: { account, name, text: '' },
  };
}

const NOTICE =
  'only verified people write here. Type !verify with your id on the list; your line is taken away at once.';

/** What was found of a place, for a second. */
function kept<T>(find: (line: Overheard) => Promise<T>): (line: Overheard) => Promise<T> {
  const known = new Map<string, { found: Promise<T>; until: number }>();
  return (line) => {
    const key = `${line.platform} ${line.space}`;
    const before = known.get(key);
    if (before && before.until > performance.now()) return before.found;
    if (known.size >= LIMITS.placesKept) known.clear();
    const found = find(line);
    known.set(key, { found, until: performance.now() + LIMITS.placeKept });
    found.catch(() => known.delete(key));
    return found;
  };
}
