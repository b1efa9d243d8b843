import type { REST, RESTOptions } from '@discordjs/rest';
import { HeldPlaces } from '#bus/held-places.ts';
import { NO_PACE, OutboundQueue, SYSTEM_TIMER, type Timer } from '#bus/outbound-queue.ts';
import type { OutgoingMessage } from '#core/message.ts';
import type { Connector, ConnectorPorts } from '#core/platform.ts';
import { actionsOf } from './actions.ts';
import type { Backoff } from './backoff.ts';
import { callsOf, restOf } from './calls.ts';
import type { Dispatch } from './discord.external.ts';
import { DiscordGateway, type Gateway, type GatewayOptions, type GatewayTimes } from './gateway.ts';
import { Gates } from './gate.ts';
import { Guilds, type Guild } from './guilds.ts';
import { Health } from './health.ts';
import { Intents } from './intents.ts';
import { Interactions } from './interactions.ts';
import { Listener } from './listen.ts';
import { LockDowns } from './lock-down.ts';
import type { Post } from './post.ts';
import { registrar } from './register.ts';
import { send, type Sender } from './send.ts';
import { WordLists } from './word-list.ts';

export interface DiscordOptions {
  token: string;
  /** Without the version. */
  apiUrl?: string;
  times?: Partial<DiscordTimes>;
  timer?: Timer;
  /** For benchmarks: requests go here instead of the network. */
  rest?: Partial<Pick<RESTOptions, 'makeRequest' | 'globalRequestsPerSecond'>>;
  /** For benchmarks: events come from here instead of the network. */
  gateway?(heard: (event: Dispatch) => void): Gateway;
}

/** All in ms. */
export interface DiscordTimes extends GatewayTimes {
  /** Work longer than this is deferred; the first answer must be there after 3 s. */
  deferAfterMs: number;
  /** A request without an answer is given up. */
  requestMs: number;
  /** Pauses between tries of what Discord did not take. */
  retry: Backoff;
}

/** See each name for the reason of its number. */
export const DISCORD_TIMES: DiscordTimes = {
  deferAfterMs: 2_000,
  requestMs: 10_000,
  retry: { first: 1_000, most: 60_000 },
  reconnect: { first: 1_000, most: 60_000 },
  silentAfterMs: 60_000,
  helloMs: 10_000,
  identifyEveryMs: 5_000,
};

/** Answers on their way at once, over all channels: Discord takes 50 requests a second of a bot. */
const AT_ONCE = 20;

/** Guilds whose commands are told at once. */
const GUILDS_AT_ONCE = 2;

/** Discord as one more platform. */
export function discordConnector(options: DiscordOptions, ports: ConnectorPorts): Connector {
  const times = { ...DISCORD_TIMES, ...options.times };
  const timer = options.timer ?? SYSTEM_TIMER;
  const rest = restOf({ ...options.rest, ...pick(options), timeoutMs: times.requestMs });
  const calls = callsOf(rest);
  const health = new Health(ports.log);
  const guilds = new Guilds();
  const interactions = new Interactions({ calls, timer, log: ports.log, deferAfterMs: times.deferAfterMs });
  const post: Post = { calls, interactions, directs: new Map(), held: new HeldPlaces(), noTypingUntil: 0 };
  const queue = new OutboundQueue({ pace: NO_PACE, atOnce: AT_ONCE, timer });
  const lists = new OutboundQueue({ pace: NO_PACE, atOnce: GUILDS_AT_ONCE, timer });
  const tellCommands = registrar({ ports, calls, queue: lists, backoff: times.retry });
  const words = new WordLists({ ports, calls, queue: lists, health, backoff: times.retry });
  const doors = new LockDowns({ ports, calls, guilds, queue: lists, health, backoff: times.retry });
  const register = (guild: Guild, app: string): void => {
    tellCommands(guild, app);
    words.keep(guild);
    doors.keep(guild);
  };
  const actions = actionsOf({ rest, guilds, clock: ports.clock });
  const intents = new Intents();
  const kept = { post, guilds, intents, actions, timer, health, backoff: times.retry };
  const gates = ports.gate && new Gates({ ...kept, ports: { ...ports, gate: ports.gate } });
  const arrived = (guild: Guild, app: string): void => {
    register(guild, app);
    gates?.keep(guild);
  };
  const told = { ready: (app: string): void => remember(ports, app), arrived };
  const listener = new Listener({ ports, calls, post, guilds, health, actions, words, gates, ...told });
  const dispatch = (event: Dispatch): void => listener.take(event);
  const gateway = openGateway(options, { calls, health, intents, times, clock: ports.clock, dispatch });
  const { deliveries, log } = ports;
  const sender: Sender = { post, queue, deliveries, health, log, backoff: times.retry };
  const underWay = new Set<Promise<void>>();
  return {
    platform: 'discord',
    start() {
      gateway.start();
      doors.start();
      gates?.start();
    },
    send(answer: OutgoingMessage, again: boolean) {
      const sent = send(sender, answer, again).finally(() => underWay.delete(sent));
      underWay.add(sent);
      return sent;
    },
    health: () => health.tell(queue.waiting),
    actions,
    commandsChanged: (community) =>
      guilds.of(community).forEach((guild) => {
        register(guild, listener.app);
        gates?.keep(guild, { changed: true });
      }),
    async stop(graceMs) {
      doors.stop();
      await gateway.stop();
      const left = listener.settled().then(() => interactions.leave());
      const leaving = within(Math.max(graceMs, LEAVE_MS), left);
      await Promise.all([leaving, queue.stop(graceMs), lists.stop(0), gates?.stop()]);
      // What was sent is noted as well.
      await within(LEAVE_MS, Promise.allSettled(underWay));
      quiet(rest);
    },
  };
}

/** Which application it is, for the link that invites it. */
function remember({ memory, log }: ConnectorPorts, app: string): void {
  memory
    .remember('discord.app', app)
    .catch(() => log.warn({ platform: 'discord' }, 'which application this is could not be noted'));
}

function pick({ token, apiUrl }: DiscordOptions): { token: string; apiUrl?: string } {
  return { token, ...(apiUrl !== undefined && { apiUrl }) };
}

function openGateway(options: DiscordOptions, given: Omit<GatewayOptions, 'token'>): Gateway {
  return options.gateway?.(given.dispatch) ?? new DiscordGateway({ ...given, token: options.token });
}

/** ms that a process which ends has at least to defer what is open: Discord waits 3 s for a first answer. */
const LEAVE_MS = 1_000;

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let late: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise<void>((resolve) => (late = setTimeout(resolve, ms)))]);
  clearTimeout(late);
}

/** Ends the library's own timers. */
function quiet(rest: REST): void {
  rest.clearHashSweeper();
  rest.clearHandlerSweeper();
}
