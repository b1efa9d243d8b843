import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import type { Auth } from '#auth/auth.ts';
import { loginThrottle } from '#auth/login-throttle.ts';
import { answerMessage } from '#bot/answer-message.ts';
import { answerKeeper } from '#bot/keep-answer.ts';
import { usable } from '#bot/may-run.ts';
import { receiver } from '#bot/receive-message.ts';
import { withinLimit } from '#bot/within-limit.ts';
import { outgoingTo, type Bus, type DurableChannel } from '#bus/bus.ts';
import { memoryBus } from '#bus/memory.ts';
import { Stopped } from '#bus/outbound-queue.ts';
import type { Chat } from '#chat/chat.ts';
import { openFirstRoom } from '#chat/first-room.ts';
import { httpConnector } from '#connectors/http/index.ts';
import { argumentsSchema } from '#connectors/http/register.ts';
import { webchatConnector } from '#connectors/webchat/index.ts';
import { systemClock, type Clock } from '#core/clock.ts';
import type { AnyCommand } from '#core/command.ts';
import type { Feature } from '#core/feature.ts';
import { newId } from '#core/ids.ts';
import type { JobWork } from '#core/job.ts';
import { LIMITS } from '#core/limits.ts';
import type { LiveEvent } from '#core/live.ts';
import { isLoopback } from '#core/loopback.ts';
import type { IncomingMessage, OutgoingMessage } from '#core/message.ts';
import type { Connector, PlatformHealth } from '#core/platform.ts';
import { rateTable } from '#core/rate.ts';
import type { Hall } from '#http/hall.ts';
import { hallServer, type HallServer } from '#http/server.ts';
import { listCommandSettings, readCommandSetting } from '#storage/command-settings.ts';
import { findUse } from '#storage/command-uses.ts';
import { ensureCommunity, listCommunities } from '#storage/communities.ts';
import { migrate } from '#storage/migrate.ts';
import { startRelay, type Relay } from '#storage/relay.ts';
import { openSqlite } from '#storage/sqlite.ts';
import type { Storage } from '#storage/storage.ts';
import { findAnswer } from '#storage/work.ts';
import { runJob } from '#worker/run-job.ts';
import type { Config } from './config.ts';
import { communityPort } from './community-port.ts';
import { connectorPorts } from './connector-ports.ts';
import { commandsOf, features } from './features.ts';
import { housekeeping } from './housekeeping.ts';
import { operatorPort } from './operator-port.ts';
import { platforms, watchPlatforms } from './platforms.ts';
import type { Certificate } from './tls.ts';
import { VERSION } from './version.ts';

/** All roles in one process: what `npm start` runs. */
export interface RunningHall {
  server: HallServer;
  storage: Storage;
  auth: Auth;
  schema: number;
  /** Listens; resolves to the address. */
  listen(): Promise<string>;
  /** Ends what runs, waiting for answers under way `graceMs` at most. */
  stop(graceMs?: number): Promise<void>;
}

export interface HallOptions {
  /** The database file, or `:memory:`. */
  database: string;
  logger: FastifyBaseLogger;
  tls?: Certificate;
  demo?: boolean;
  /** Works in one commit, at most; for benchmarks. */
  batch?: number;
  /** Beside those of `features.ts`; for tests. */
  features?: Feature[];
  /** Told when a platform comes up, goes down or refuses its token. */
  onPlatform?(health: PlatformHealth): void;
}

/** Puts every part together: storage, bus, spine, worker, connectors, server. */
export async function startHall(config: Config, options: HallOptions): Promise<RunningHall> {
  const clock = systemClock;
  const { logger } = options;
  const storage = openSqlite(options.database, options.batch === undefined ? {} : { batch: options.batch });
  const schema = await migrate(storage);
  await storage.write((tx) => ensureCommunity(tx.db, 'Guildhall', clock()));
  await openFirstRoom(storage, clock);
  const bus = memoryBus({ onError: (channel, err) => handedBack(logger, channel, err) });
  const parts = { config, options, clock, storage, bus, features: [...features(config), ...(options.features ?? [])] };
  const stopping = new AbortController();
  const auth = makeAuth(parts);
  const bot = startBot(parts);
  startWorker(parts, stopping.signal);
  const connectors = await openPlatforms(parts, bot.commands);
  const hall = makeHall(parts, { auth, commands: bot.commands, connectors });
  const server = await hallServer(hall, { logger, ...(options.tls && { tls: options.tls }) });
  bus.listen('rooms', (body) => server.deliver(body as LiveEvent));
  const relay = startRelay(storage, (channel, body, again) => bus.publish(channel as DurableChannel, body, again));
  const house = housekeeping({
    storage,
    clock,
    logger,
    served: ['webchat', 'http', ...connectors.map(({ platform }) => platform)].map(outgoingTo),
    onReplaced: () => replaced(server, relay),
    onRulesChanged: () => void tellRulesChanged(storage, connectors).catch((err) => logger.error({ err }, 'not told')),
  });
  const watch = watchPlatforms(connectors, (health) => options.onPlatform?.(health));
  return {
    server,
    storage,
    auth,
    schema,
    async listen() {
      const address = await server.app.listen({ port: config.PORT, host: config.HOST });
      for (const connector of connectors) connector.start();
      return address;
    },
    async stop(graceMs = 15_000) {
      const end = performance.now() + graceMs;
      house.stop();
      watch.stop();
      // Calls that wait for an answer get it: the bus works on while the server lets nobody new in.
      const cut = setTimeout(() => server.app.server.closeAllConnections(), graceMs);
      await server.app.close();
      clearTimeout(cut);
      const left = Math.max(0, end - performance.now());
      const closing = [bus.close(left), ...connectors.map((connector) => connector.stop(left))];
      setTimeout(() => stopping.abort(), left).unref();
      await Promise.all(closing);
      stopping.abort();
      await relay.stop();
      await storage.close();
    },
  };
}

/** A queue that stops gives back what it holds: that goes out after the next start and is no fault. */
function handedBack(logger: FastifyBaseLogger, channel: string, err: unknown): void {
  if (!(err instanceof Stopped)) logger.error({ err, channel }, 'a message was handed back');
}

/** What is shown and what waits is another now: connections begin anew, and the outbox is read from its start. */
function replaced(server: HallServer, relay: Relay): void {
  relay.rewind();
  server.hub.closeAll('the data was restored');
}

async function tellRulesChanged(storage: Storage, connectors: Connector[]): Promise<void> {
  for (const { id } of await listCommunities(storage.db)) for (const one of connectors) one.commandsChanged?.(id);
}

interface Parts {
  config: Config;
  options: HallOptions;
  clock: Clock;
  storage: Storage;
  bus: Bus;
  features: Feature[];
}

function makeAuth({ config, storage, clock, bus }: Parts): Auth {
  const rates = rateTable(clock);
  return {
    storage,
    clock,
    throttle: loginThrottle(clock),
    signups: { take: (address) => rates.take(address, config.SIGNUP_LIMIT) },
    signup: config.SIGNUP,
    idleMinutes: config.SESSION_IDLE_MINUTES,
    announce: (event) => bus.announce('rooms', event),
  };
}

function startBot({ config, options, storage, clock, bus, features: all }: Parts): {
  commands: Map<string, AnyCommand>;
} {
  const commands = commandsOf(all, (community) => listCommandSettings(storage.db, community));
  const settings = (community: string, name: string) => readCommandSetting(storage.db, community, name);
  const onFailure = (command: string, err: unknown): void => options.logger.error({ command, err }, 'a command failed');
  const within = withinLimit(config.COMMAND_LIMIT, clock, (key) => findUse(storage.db, key));
  const spine = { commands, settings, within, keep: answerKeeper(storage, clock), onFailure };
  bus.subscribe('incoming', (body) => answerMessage(spine, body as IncomingMessage));
  return { commands };
}

function startWorker({ options, storage, clock, bus, features: all }: Parts, stopping: AbortSignal): void {
  const jobs = new Map<string, JobWork>(all.flatMap((feature) => feature.jobs.map((work) => [work.job.name, work])));
  const onFailure = (job: string, err: unknown): void => options.logger.warn({ job, err }, 'a job failed');
  const worker = { jobs, storage, clock, startedAt: clock(), stopping, onFailure };
  bus.subscribe('jobs', (body) => runJob(worker, (body as { id: string }).id), LIMITS.jobConcurrency);
}

/** Discord, Slack and Twitch, those that have their settings; each takes its own answers from the bus. */
async function openPlatforms(parts: Parts, commands: ReadonlyMap<string, AnyCommand>): Promise<Connector[]> {
  const { config, options, storage, clock, bus } = parts;
  const ports = connectorPorts({ storage, clock, commands, logger: options.logger });
  const opened = await Promise.all(platforms(config).map((one) => one.open?.(ports)));
  const connectors = opened.filter((one) => one !== undefined);
  for (const one of connectors)
    bus.subscribe(
      outgoingTo(one.platform),
      (body, { again }) => one.send(body as OutgoingMessage, again),
      LIMITS.outboundHeld,
    );
  return connectors;
}

interface HallParts {
  auth: Auth;
  commands: Map<string, AnyCommand>;
  connectors: Connector[];
}

function makeHall(parts: Parts, { auth, commands, connectors }: HallParts): Hall {
  const { config, options, storage, bus, clock } = parts;
  const chat: Chat = { storage, bus, clock };
  const receive = receiver(storage);
  const announce = (event: LiveEvent): void => bus.announce('rooms', event);
  const webchat = webchatConnector(chat, receive);
  const http = httpConnector(newId('hall'), { announce, sayInRoom: webchat.send }, receive);
  bus.listen('rooms', (body) => http.answered(body as LiveEvent));
  for (const one of [webchat, http])
    bus.subscribe(outgoingTo(one.platform), (body) => one.send(body as OutgoingMessage));
  const webhooks = connectors.flatMap((one) => one.webhook ?? []);
  return {
    auth,
    chat,
    rates: rateTable(clock),
    commands: {
      all: commands,
      offer: async (community, who) =>
        webchat.offer(usable(commands.values(), who, await listCommandSettings(storage.db, community))),
      schema: argumentsSchema,
      post: (person, post) => webchat.post(person, post),
      call: ({ who, ...called }, seconds) =>
        http.call({ ...called, who: { account: who.account, name: who.name, username: who.username } }, seconds),
      answer: (id) => findAnswer(storage.db, id),
    },
    communities: communityPort({
      storage,
      clock,
      commands,
      changed: (community) => connectors.forEach((one) => one.commandsChanged?.(community)),
    }),
    operator: operatorPort(storage, clock, connectors),
    webhooks,
    settings: hallSettings(config, options),
  };
}

function hallSettings(config: Config, options: HallOptions): Hall['settings'] {
  return {
    version: VERSION,
    demo: options.demo ?? false,
    publicUrl: config.PUBLIC_URL,
    https: config.TLS !== 'off' || config.PUBLIC_URL?.startsWith('https:') === true,
    loopback: isLoopback(config.HOST),
    corsOrigins: config.CORS_ORIGINS,
    trustedProxies: config.TRUSTED_PROXIES,
    metricsToken: config.METRICS_TOKEN,
    limits: { post: config.POST_LIMIT, read: config.READ_LIMIT },
    pages: join(import.meta.dirname, '../web/dist'),
  };
}
