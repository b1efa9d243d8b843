import type { FastifyBaseLogger } from 'fastify';
import { placeOf, receiver } from '#bot/receive-message.ts';
import type { Bus } from '#bus/bus.ts';
import type { Vault } from '#clients/vault.ts';
import { byTurns } from '#core/by-turns.ts';
import type { Clock } from '#core/clock.ts';
import type { AnyCommand } from '#core/command.ts';
import type { Feature } from '#core/feature.ts';
import { LIMITS } from '#core/limits.ts';
import type { ConnectorPorts, OpenPorts } from '#core/platform.ts';
import { readCommandSetting } from '#storage/command-settings.ts';
import { listWordRules, lockDownOf } from '#storage/house-rules.ts';
import { readFact, writeFact } from '#storage/instance.ts';
import { firstCommunity } from '#storage/communities.ts';
import { ensureSpace, findRoles, findSpace, markGone, noteRoles, type SeenSpace, type Space } from '#storage/spaces.ts';
import type { Storage } from '#storage/storage.ts';
import { deliverOnce, wasDelivered } from '#storage/work.ts';
import { applicationsOf } from './application-ports.ts';
import { placeGate } from './place-gate.ts';
import { verifyWatch } from './verify-watch.ts';
import { isTrusted, secretOwner, whoSpeaks } from './who-speaks.ts';
import { wordWatch } from './word-watch.ts';
import { wordsBlocked } from './words-blocked.ts';

export interface PortParts {
  storage: Storage;
  bus: Pick<Bus, 'parts'>;
  clock: Clock;
  commands: ReadonlyMap<string, AnyCommand>;
  features: readonly Pick<Feature, 'verification'>[];
  logger: FastifyBaseLogger;
  vault: Pick<Vault, 'seal' | 'lease'>;
}

/** What the connectors of Discord, Slack and Twitch are given. */
export function connectorPorts(parts: PortParts): ConnectorPorts {
  const { storage, bus, clock, commands, logger, vault } = parts;
  const receive = receiver(storage, bus.parts);
  const ownerOf = secretOwner(storage);
  const known = inOrder(placeOf, whoSpeaks(storage));
  const space = inOrder(({ platform }: { platform: string }) => platform, spaces(storage, clock));
  const ports: OpenPorts = {
    receive: async (message, platformId) => receive(await known(message), platformId),
    commands,
    seal: async (value, name) => vault.seal(value, { ...name, owner: await ownerOf(name.owner) }),
    space,
    setting: inOrder(
      (community: string, _command: string) => community,
      async (community, command) => {
        const setting = await readCommandSetting(storage.db, community, command);
        return { on: setting?.on ?? true, symbol: setting?.symbol ?? null };
      },
    ),
    ...watches(parts, space),
    wordRules: async (place) => ((await isTrusted(storage, place)) ? listWordRules(storage.db, place.community) : []),
    lockDown: async (place) =>
      (await isTrusted(storage, place)) ? lockDownOf(storage.db, place.community, clock()) : undefined,
    blocked: wordsBlocked(storage, clock),
    places: {
      gone: (place) => storage.write((tx) => markGone(tx.db, place, clock())),
      async roles(place, roles) {
        const noted = JSON.stringify(roles);
        if ((await findRoles(storage.db, place)) === noted) return;
        await storage.write((tx) => noteRoles(tx.db, place, noted));
      },
    },
    deliveries: {
      wasSent: (part) => wasDelivered(storage.db, part),
      record: recorder(storage, clock),
    },
    memory: {
      recall: (name) => readFact(storage.db, `connector.${name}`),
      remember: (name, value) => storage.write((tx) => writeFact(tx.db, `connector.${name}`, value)),
    },
    log: logger,
    clock,
  };
  return { ...ports, applications: (platform) => applicationsOf({ storage, clock, vault }, ports, platform) };
}

/** Lines are held against the word list, and against the verification gate where there is that feature. */
function watches(
  { storage, clock, features }: PortParts,
  space: OpenPorts['space'],
): Pick<OpenPorts, 'overheard' | 'gate'> {
  const overheard = wordWatch(storage, clock);
  const verification = features.find((one) => one.verification)?.verification;
  if (!verification) return { overheard };
  const gate = placeGate({ storage, clock, verification });
  const watch = verifyWatch({ storage, clock, gate, space });
  return { gate, overheard: async (line) => void (await Promise.all([overheard(line), watch(line)])) };
}

function spaces(storage: Storage, clock: Clock): ConnectorPorts['space'] {
  const kept = new Map<string, { space: Space; until: number }>();
  return async ({ platform, platformId, name }) => {
    const key = `${platform} ${platformId}`;
    const known = kept.get(key);
    if (known && known.until > performance.now() && known.space.name === name) return known.space;
    const space = await look(storage, { platform, platformId, name, at: clock() });
    if (kept.size >= LIMITS.placesKept) kept.clear();
    kept.set(key, { space, until: performance.now() + LIMITS.placeKept });
    return space;
  };
}

/** Looks up in the order of the calls of one key: what comes in one burst goes on from here in the order in which it came. */
export function inOrder<Asked extends unknown[], Found>(
  keyOf: (...asked: Asked) => string,
  look: (...asked: Asked) => Promise<Found>,
): (...asked: Asked) => Promise<Found> {
  const turns = byTurns();
  return async (...asked) => {
    const turn = turns(keyOf(...asked));
    try {
      const found = await look(...asked);
      if (turn.before) await turn.before;
      return found;
    } finally {
      turn.pass();
    }
  };
}

async function look(storage: Storage, place: Omit<SeenSpace, 'community'>): Promise<Space> {
  const known = await findSpace(storage.db, place.platform, place.platformId);
  if (known?.name === place.name && known.goneAt === null) return known;
  // A place that nobody has connected to a community of its own belongs to the instance's first one.
  const { id: community } = await firstCommunity(storage.db);
  return storage.write((tx) => ensureSpace(tx.db, { ...place, community }));
}

/** Records of what was sent, many in one commit: each platform waits far longer for its own. Resolves after the commit. */
function recorder(storage: Storage, clock: Clock): (part: string) => Promise<void> {
  let parts: string[] = [];
  let writing: Promise<void> | undefined;
  const write = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, LIMITS.recordWithin));
    const some = parts;
    [parts, writing] = [[], undefined];
    await storage.write(async (tx) => {
      for (const part of some) await deliverOnce(tx.db, part, clock());
    });
  };
  return (part) => {
    parts.push(part);
    return (writing ??= write());
  };
}
