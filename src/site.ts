import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import { openFirstRoom } from '#chat/first-room.ts';
import { moderation } from '#chat/moderation.ts';
import { startHeartbeat, type Heartbeat } from '#cluster/heartbeat.ts';
import { startLeases, type Leases } from '#cluster/leases.ts';
import { systemClock } from '#core/clock.ts';
import { AppError } from '#core/errors.ts';
import type { Feature } from '#core/feature.ts';
import { newId } from '#core/ids.ts';
import type { Part, Site } from '#parts/site.ts';
import { vaultPart, type VaultPart, type VaultPartOptions } from '#parts/vault.ts';
import { listCommandSettings } from '#storage/command-settings.ts';
import { ensureCommunity } from '#storage/communities.ts';
import { migrate, type Migrated } from '#storage/migrate.ts';
import type { PartHealth, SeenProcess } from '#storage/processes.ts';
import type { Storage } from '#storage/storage.ts';
import { beAlone, refuseBesideOne } from './alone.ts';
import type { Config, ProcessRole } from './config.ts';
import { explainEngine } from './engine-refusals.ts';
import { openBus, openRates, openStorage } from './engines.ts';
import { commandsOf, features } from './features.ts';
import { linkingOf } from './linking.ts';
import { connecting } from './space-port.ts';
import { refuseUnfinishedMove } from './unfinished-move.ts';
import { verifyParts } from './verifying.ts';
import { VERSION } from './version.ts';

export interface SiteOptions {
  /** The database file, or `:memory:`, where there is no DATABASE_URL. */
  database: string;
  logger: FastifyBaseLogger;
  /** Works in one commit, at most; for benchmarks. */
  batch?: number;
  /** Beside those of `features.ts`; for tests. */
  features?: Feature[];
  /** Told for what the start waits, and why. */
  onWaiting?(what: string, why: string): void;
  /** Told at each start of a vault of our own, when it can be asked. */
  onVault?: VaultPartOptions['onReady'];
  /** Told when a process that was alone on its database is so no longer. */
  onTakenOver?(): void;
}

/** The site with what stands under it. */
export interface OpenSite {
  site: Site;
  migrated: Migrated;
  vault: VaultPart;
  /** How the engines are, as this process sees them. */
  engines(): PartHealth[];
  /** Where there may be other processes: from now on they see this one. */
  beat(parts: readonly Part[]): Promise<void>;
  /** Ends the bus and what is leased, then what is under them. `endRelay`: ends a relay that needs no lease. */
  close(graceMs: number, endRelay: () => Promise<void>): Promise<void>;
}

/** Opens the engines. Waits for the database as long as it takes; RabbitMQ and Redis come when they come. */
export async function openSite(config: Config, role: ProcessRole, options: SiteOptions): Promise<OpenSite> {
  const { logger } = options;
  const clock = systemClock;
  const id = newId('proc');
  const storage = await openStorage(config, { ...options, role });
  const migrated = await whenThere(
    () => prepare(storage),
    (error) => options.onWaiting?.('database', why(error, config)),
  );
  const bus = await openBus(config, { process: id, logger });
  const rates = await openRates(config, { storage, logger, clock });
  let heartbeat: Heartbeat | undefined;
  const others = (): readonly SeenProcess[] => heartbeat?.seen() ?? [];
  const leases = await leasesOf({ storage, id, logger, bus, options, others }, config);
  const orders = moderation({ storage, bus, clock });
  const verifying = verifyParts({ storage, bus, clock, rates: rates.store, config });
  const ports = { moderation: () => orders, verify: () => verifying };
  const all = [...features(config, ports), ...(options.features ?? [])];
  const vault = vaultPart(config, role, { logger, ...(options.onVault && { onReady: options.onVault }) });
  const parts = { storage, clock, rates: rates.store };
  const commands = commandsOf(all, (community) => listCommandSettings(storage.db, community), {
    linking: linkingOf({ ...parts, announce: (event) => bus.announce('rooms', event) }, config.PUBLIC_URL),
    connect: connecting(parts),
  });
  const site: Site = {
    id,
    role,
    config,
    clock,
    logger,
    storage,
    bus,
    commands,
    features: all,
    rates: rates.store,
    vault: vault.vault,
    leases: config.AMQP_URL === undefined ? undefined : leases,
    others,
  };
  const engines = (): PartHealth[] => [...brokerHealth(site), ...rates.health(), ...vault.health()];
  return {
    site,
    migrated,
    vault,
    engines,
    async beat(parts) {
      if (leases) heartbeat = await beatFor(site, parts, engines);
    },
    async close(graceMs, endRelay) {
      if (site.leases) await site.leases.stop();
      await bus.close(graceMs);
      await endRelay();
      if (!site.leases) await leases?.stop();
      await heartbeat?.stop();
      await rates.close();
      await vault.stop(graceMs);
      await storage.close();
    },
  };
}

async function prepare(storage: Storage): Promise<Migrated> {
  const migrated = await migrate(storage);
  await refuseUnfinishedMove(storage.db);
  await storage.write((tx) => ensureCommunity(tx.db, 'Guildhall', systemClock()));
  await openFirstRoom(storage, systemClock);
  return migrated;
}

/** ms between two tries to reach the database: at first, and at most. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;

/** Tries until the database is there; says once that it waits. */
async function whenThere<T>(work: () => Promise<T>, onWaiting: (error: unknown) => void): Promise<T> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof AppError && error.status === 503)) throw error;
      if (wait === FIRST_WAIT_MS) onWaiting(error);
      await pause(wait);
    }
  }
}

function why(error: unknown, { DATABASE_URL: url }: Config): string {
  if (url === undefined) return String(error);
  return explainEngine(error, { name: 'PostgreSQL', setting: 'DATABASE_URL', url }).join(' ');
}

interface Under extends Pick<Site, 'storage' | 'id' | 'logger' | 'bus'> {
  options: SiteOptions;
  others: Site['others'];
}

/** Leases where several processes may meet. One that is alone on PostgreSQL holds one lease: that it is alone. */
async function leasesOf(under: Under, config: Config): Promise<Leases | undefined> {
  const { storage, id, logger, options } = under;
  if (storage.dialect === 'sqlite') return undefined;
  const told = {
    waiting: (words: string) => options.onWaiting?.('database', words),
    takenOver: () => options.onTakenOver?.(),
  };
  if (config.AMQP_URL !== undefined) await refuseBesideOne(storage, told);
  const onError = (err: unknown): void => logger.warn({ err }, 'leases could not be renewed');
  const leases = startLeases({ storage, holder: id, onError, fit: (name) => isFit(under, name) });
  if (config.AMQP_URL === undefined) await beAlone(storage, leases, told);
  else under.bus.onUp(() => leases.look());
  return leases;
}

/**
 * Cut off from the broker it can do nothing with a lease that another one could. Where all are, or nobody else stands by for
 * the platform, everything stays as it is: what people ask there is taken in, and answered when the way is back.
 */
function isFit({ id, bus, others }: Under, lease: string): boolean {
  if (bus.health().up) return true;
  const connected = others().filter((one) => one.id !== id && one.health.some(isBrokerUp));
  if (lease === RELAY) return connected.length === 0;
  const platform = lease.replace(/^connector\./, '');
  return !connected.some(({ health }) => health.some((part) => part.name === platform && part.state === 'standby'));
}

function isBrokerUp({ name, state }: PartHealth): boolean {
  return name === BROKER && state === 'up';
}

async function beatFor(site: Site, parts: readonly Part[], engines: () => PartHealth[]): Promise<Heartbeat> {
  const { storage, id, role, logger } = site;
  return startHeartbeat({
    storage,
    process: { id, role, version: VERSION },
    health: () => [...engines(), ...parts.flatMap((part) => part.health())],
    onSeen: (all: readonly SeenProcess[]) => parts.forEach((part) => part.seen?.(all)),
    onError: (err) => logger.warn({ err }, 'no sign of life could be given'),
  });
}

const BROKER = 'rabbitmq';
const RELAY = 'relay';

function brokerHealth({ bus, leases }: Site): PartHealth[] {
  if (!leases) return [];
  const { up, why } = bus.health();
  return [{ name: BROKER, state: up ? 'up' : 'down', ...(why !== undefined && { why }) }];
}
