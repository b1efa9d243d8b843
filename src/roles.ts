import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import type { Auth } from '#auth/auth.ts';
import { loginThrottle } from '#auth/login-throttle.ts';
import { answerMessage } from '#bot/answer-message.ts';
import { answerKeeper } from '#bot/keep-answer.ts';
import { helpCommand } from '#bot/help-command.ts';
import { receiver } from '#bot/receive-message.ts';
import { withinLimit } from '#bot/within-limit.ts';
import type { Bus } from '#bus/bus.ts';
import { memoryBus } from '#bus/memory.ts';
import type { Chat } from '#chat/chat.ts';
import { openFirstRoom } from '#chat/first-room.ts';
import { httpConnector } from '#connectors/http/index.ts';
import { argumentsSchema } from '#connectors/http/register.ts';
import { webchatConnector } from '#connectors/webchat/index.ts';
import { systemClock, type Clock } from '#core/clock.ts';
import type { AnyCommand } from '#core/command.ts';
import { newId } from '#core/ids.ts';
import type { JobWork } from '#core/job.ts';
import type { LiveEvent } from '#core/live.ts';
import type { IncomingMessage, OutgoingMessage } from '#core/message.ts';
import { rateTable } from '#core/rate.ts';
import { stockFeature } from '#features/stock/index.ts';
import type { Hall } from '#http/hall.ts';
import { hallServer, type HallServer } from '#http/server.ts';
import { readCommandSetting } from '#storage/command-settings.ts';
import { ensureCommunity } from '#storage/communities.ts';
import { migrate } from '#storage/migrate.ts';
import { startRelay, type Relay } from '#storage/relay.ts';
import { openSqlite } from '#storage/sqlite.ts';
import type { Storage } from '#storage/storage.ts';
import { findAnswer } from '#storage/work.ts';
import { runJob } from '#worker/run-job.ts';
import { isLoopback, type Config } from './config.ts';
import { housekeeping } from './housekeeping.ts';
import { operatorPort } from './operator-port.ts';
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
}

/** The features of this hall. Deleting a line deletes the feature. */
function features(config: Config) {
  return [stockFeature(fetch, config.STOCK_URL)];
}

/** Puts every part together: storage, bus, spine, worker, connectors, server. */
export async function startHall(config: Config, options: HallOptions): Promise<RunningHall> {
  const clock = systemClock;
  const { logger } = options;
  const storage = openSqlite(options.database, options.batch === undefined ? {} : { batch: options.batch });
  const schema = await migrate(storage);
  await storage.write((tx) => ensureCommunity(tx.db, 'Guildhall', clock()));
  await openFirstRoom(storage, clock);
  const bus = memoryBus({ onError: (channel, err) => logger.error({ err, channel }, 'a message was handed back') });
  const parts = { config, options, clock, storage, bus, features: features(config) };
  const stopping = new AbortController();
  const auth = makeAuth(parts);
  const bot = startBot(parts);
  startWorker(parts, stopping.signal);
  const { hall, send } = makeHall(parts, { auth, commands: bot.commands });
  bus.subscribe('outgoing', (body) => send(body as OutgoingMessage));
  const server = await hallServer(hall, { logger, ...(options.tls && { tls: options.tls }) });
  bus.listen('rooms', (body) => server.deliver(body as LiveEvent));
  const relay = startRelay(storage, (channel, body) => bus.publish(channel as 'incoming', body));
  const house = housekeeping({
    storage,
    clock,
    onReplaced: () => replaced(server, relay),
    logger,
  });
  return {
    server,
    storage,
    auth,
    schema,
    listen: () => server.app.listen({ port: config.PORT, host: config.HOST }),
    async stop(graceMs = 15_000) {
      house.stop();
      // Calls that wait for an answer get it: the bus works on while the server lets nobody new in.
      const cut = setTimeout(() => server.app.server.closeAllConnections(), graceMs);
      await server.app.close();
      clearTimeout(cut);
      const closing = bus.close(graceMs);
      setTimeout(() => stopping.abort(), graceMs).unref();
      await closing;
      stopping.abort();
      await relay.stop();
      await storage.close();
    },
  };
}

/** What is shown and what waits is another now: connections begin anew, and the outbox is read from its start. */
function replaced(server: HallServer, relay: Relay): void {
  relay.rewind();
  server.hub.closeAll('the data was restored');
}

interface Parts {
  config: Config;
  options: HallOptions;
  clock: Clock;
  storage: Storage;
  bus: Bus;
  features: ReturnType<typeof features>;
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
  const commands = new Map<string, AnyCommand>();
  for (const one of [helpCommand(() => commands.values()), ...all.flatMap((feature) => feature.commands)])
    commands.set(one.name, one);
  const settings = (community: string, name: string) => readCommandSetting(storage.db, community, name);
  const onFailure = (command: string, err: unknown): void => options.logger.error({ command, err }, 'a command failed');
  const within = withinLimit(config.COMMAND_LIMIT, clock);
  const spine = { commands, settings, within, keep: answerKeeper(storage, clock), onFailure };
  bus.subscribe('incoming', (body) => answerMessage(spine, body as IncomingMessage));
  return { commands };
}

function startWorker({ options, storage, clock, bus, features: all }: Parts, stopping: AbortSignal): void {
  const jobs = new Map<string, JobWork>(all.flatMap((feature) => feature.jobs.map((work) => [work.job.name, work])));
  const onFailure = (job: string, err: unknown): void => options.logger.warn({ job, err }, 'a job failed');
  const worker = { jobs, storage, clock, startedAt: clock(), stopping, onFailure };
  bus.subscribe('jobs', (body) => runJob(worker, (body as { id: string }).id));
}

function makeHall(parts: Parts, { auth, commands }: { auth: Auth; commands: Map<string, AnyCommand> }) {
  const { config, options, storage, bus, clock } = parts;
  const chat: Chat = { storage, bus, clock };
  const receive = receiver(storage);
  const announce = (event: LiveEvent): void => bus.announce('rooms', event);
  const webchat = webchatConnector(chat, () => commands.values(), receive);
  const http = httpConnector(newId('hall'), { announce, sayInRoom: webchat.send }, receive);
  bus.listen('rooms', (body) => http.answered(body as LiveEvent));
  const connectors = new Map<string, (answer: OutgoingMessage) => Promise<void>>(
    [webchat, http].map((one) => [one.platform, one.send]),
  );
  const hall: Hall = {
    auth,
    chat,
    rates: rateTable(clock),
    commands: {
      all: commands,
      offer: webchat.offer,
      schema: argumentsSchema,
      post: (person, post) => webchat.post(person, post),
      call: ({ who, ...called }, seconds) =>
        http.call({ ...called, who: { account: who.account, name: who.name, username: who.username } }, seconds),
      answer: (id) => findAnswer(storage.db, id),
    },
    operator: operatorPort(storage, clock),
    settings: hallSettings(config, options),
  };
  return { hall, send: async (answer: OutgoingMessage) => connectors.get(answer.to.platform)?.(answer) };
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
