import type { Auth } from '#auth/auth.ts';
import type { Mail } from '#core/mail.ts';
import type { PlatformHealth } from '#core/platform.ts';
import type { App } from '#http/app.ts';
import type { OperatorPort } from '#http/hall.ts';
import type { HallServer } from '#http/server.ts';
import { botPart } from '#parts/bot.ts';
import { bridgePart } from '#parts/bridge.ts';
import type { HallPart, HallPartOptions } from '#parts/hall.ts';
import { platformsPart, type PlatformsPart } from '#parts/platforms.ts';
import { measurePart } from '#parts/measure.ts';
import { relayPart, type RelayPart } from '#parts/relay.ts';
import type { Part, Site } from '#parts/site.ts';
import { upkeepPart } from '#parts/upkeep.ts';
import { workerPart } from '#parts/worker.ts';
import { firstCommunity } from '#storage/communities.ts';
import type { PartHealth } from '#storage/processes.ts';
import type { Storage } from '#storage/storage.ts';
import type { Config, ProcessRole } from './config.ts';
import { instanceOverview } from './instance-overview.ts';
import { operatorPort } from './operator-port.ts';
import { openSite, type OpenSite, type SiteOptions } from './site.ts';
import type { Certificate } from './tls.ts';

/** A process that runs: what `npm start -- --role …` starts. */
export interface Running {
  role: ProcessRole;
  storage: Storage;
  /** The number of the database's schema. */
  schema: number;
  /** The schema is one newer than this program knows. */
  newer: boolean;
  /** RabbitMQ and Redis, where they are used, as this process sees them. */
  engines(): PartHealth[];
  /** Fires when it stops. */
  ended: AbortSignal;
  /** Does something in one process at a time: here at once where there are no others, else when it is this one's turn. */
  inOne(name: string, act: () => Promise<void>): void;
  /** Where the vault is a child of this process: starts it, without waiting. It comes by the first need otherwise. */
  startVault(): void;
  /** In the roles all and hall. */
  hall: HallPart | undefined;
  /** Listens; resolves to the address. */
  listen(): Promise<string>;
  /** Ends what runs, waiting for what is under way `graceMs` at most. */
  stop(graceMs?: number): Promise<void>;
}

/** All roles in one process: what `npm start` runs. */
export interface RunningHall extends Running {
  server: HallServer;
  auth: Auth;
}

export interface RoleOptions extends SiteOptions {
  tls?: Certificate;
  demo?: boolean;
  /** Shows a mail to the operator, where no server is set to send it. */
  onMail?(mail: Mail): void;
  /** Told when a platform comes up, goes down or refuses its token. */
  onPlatform?(health: PlatformHealth): void;
}

/** Everything in one process. */
export async function startHall(config: Config, options: RoleOptions): Promise<RunningHall> {
  const running = await startRole(config, 'all', options);
  const { server, auth } = running.hall as HallPart;
  return { ...running, server, auth };
}

/** Puts the parts of a role together. */
export async function startRole(config: Config, role: ProcessRole, options: RoleOptions): Promise<Running> {
  const open = await openSite(config, role, options);
  const parts = await startParts(open, options);
  await open.beat(Object.values(parts).filter((part) => part !== undefined));
  const { platforms, hall, relay, upkeep } = parts;
  const stopping = new AbortController();
  const app = hall?.server.app ?? (await smallServer(open, platforms, options));
  return {
    role,
    storage: open.site.storage,
    ...open.migrated,
    engines: open.engines,
    ended: stopping.signal,
    inOne: (name, act) => inOne(open.site, name, act),
    startVault: () => open.vault.start(),
    hall,
    async listen() {
      const address = await app.listen({ port: config.PORT, host: config.HOST });
      platforms.start();
      return address;
    },
    async stop(graceMs = 12_000) {
      stopping.abort();
      const end = performance.now() + graceMs;
      const left = (): number => Math.max(0, end - performance.now());
      await Promise.all([upkeep.stop(0), parts.measure.stop(0)]);
      await (hall?.stop(graceMs) ?? app.close());
      await Promise.all([platforms, parts.bot, parts.worker].map((part) => part?.stop(left())));
      // What the worker has in hand may wait for it.
      await parts.bridge?.stop(left());
      await open.close(left(), () => relay.stop(left()));
    },
  };
}

function inOne({ leases, logger }: Site, name: string, act: () => Promise<void>): void {
  if (leases) return leases.want(name, { begin: act, end: () => undefined });
  act().catch((err: unknown) => logger.error({ err, name }, 'not done'));
}

/** THE composition: which parts a role has. */
interface Parts {
  platforms: PlatformsPart;
  hall: HallPart | undefined;
  bot: Part | undefined;
  bridge: Part | undefined;
  worker: Part | undefined;
  relay: RelayPart;
  upkeep: Part;
  measure: Part;
}

async function startParts(open: OpenSite, options: RoleOptions): Promise<Parts> {
  const { site } = open;
  const has = (role: ProcessRole): boolean => site.role === 'all' || site.role === role;
  const platforms = await platformsPart(site, options.onPlatform);
  // Loaded only where it is used, as it is the largest part.
  const hall = has('hall')
    ? await (await import('#parts/hall.ts')).hallPart(site, { ...options, platforms, ...seeingOf(open, platforms) })
    : undefined;
  const bot = has('bot') ? botPart(site) : undefined;
  const bridge = has('worker') ? await bridgePart(site) : undefined;
  const worker = has('worker') ? workerPart(site, bridge?.jobs) : undefined;
  const relay = relayPart(site);
  const upkeep = upkeepPart(site, { relay, platforms, ...(hall && { server: hall.server }) });
  const measure = measurePart(site);
  return { platforms, hall, bot, bridge, worker, relay, upkeep, measure };
}

/** What the operator sees by the web, of this process and of all. */
function seeingOf(open: OpenSite, platforms: PlatformsPart): Pick<HallPartOptions, 'operator' | 'instance'> {
  const { site, migrated, engines } = open;
  const { storage, clock, id, role } = site;
  const self = { id, role };
  const seen = { storage, clock, self, schema: migrated.schema, engines, platforms: platforms.health };
  return { operator: operatorOf(open, platforms), instance: instanceOverview(seen) };
}

function operatorOf({ site, engines }: OpenSite, platforms: PlatformsPart): OperatorPort {
  const { storage, clock } = site;
  return operatorPort({ storage, clock, engines, connectors: platforms.connectors, processes: site.others });
}

async function smallServer(open: OpenSite, platforms: PlatformsPart, { logger, tls }: RoleOptions): Promise<App> {
  const { sideServer } = await import('#http/side-server.ts');
  const operator = operatorOf(open, platforms);
  const { storage, config } = open.site;
  const askDatabase = (): Promise<unknown> => firstCommunity(storage.db);
  const { METRICS_TOKEN: metricsToken } = config;
  const { webhooks } = platforms;
  return sideServer({ operator, askDatabase, metricsToken, webhooks }, { logger, ...(tls && { tls }) });
}
