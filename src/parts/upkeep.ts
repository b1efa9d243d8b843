import { sweepErased } from '#auth/erase-account.ts';
import { outgoingTo } from '#bus/bus.ts';
import type { HallServer } from '#http/server.ts';
import { listCommunities } from '#storage/communities.ts';
import { personalData } from '#src/personal-data.ts';
import { housekeeping } from '#src/housekeeping.ts';
import type { PlatformsPart } from './platforms.ts';
import type { RelayPart } from './relay.ts';
import type { Part, Site } from './site.ts';

export interface UpkeepParts {
  relay: RelayPart;
  platforms: PlatformsPart;
  server?: HallServer;
}

/** Sweeps out what has expired, and tells the other parts what was changed from outside: a restore, rules of commands. */
export function upkeepPart(site: Site, { relay, platforms, server }: UpkeepParts): Part {
  const { storage, clock, logger, leases, config } = site;
  const tellRules = async (): Promise<void> => {
    for (const { id } of await listCommunities(storage.db))
      for (const one of platforms.connectors()) one.commandsChanged?.(id);
  };
  const personal = personalData(site.features);
  const house = housekeeping({
    storage,
    clock,
    logger,
    sweepErased: (signal) => sweepErased({ storage, personal, signal }),
    async sweepGates() {
      for (const { verification } of site.features) await verification?.sweep();
    },
    auditDays: config.AUDIT_DAYS,
    sweeps: () => leases?.holds('relay') ?? true,
    served: () => servedBy(site, platforms),
    onReplaced() {
      // What is shown and what waits is another now: connections begin anew, and the outbox is read from its start.
      relay.rewind();
      server?.hub.closeAll('the data was restored');
    },
    onRulesChanged: () => void tellRules().catch((err: unknown) => logger.error({ err }, 'not told')),
  });
  return { health: () => [], stop: () => house.stop() };
}

/** Channels whose answers somebody takes, in whatever process. */
function servedBy(site: Site, platforms: PlatformsPart): string[] {
  const here = platforms.health();
  const elsewhere = site.others().flatMap(({ health }) => health);
  return ['webchat', 'http', ...[...here, ...elsewhere].map(({ name }) => name)].map(outgoingTo);
}
