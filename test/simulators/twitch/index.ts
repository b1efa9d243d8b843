import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { controlRoutes } from '#test/simulators/shared/control.ts';
import { createEventSub } from './eventsub.ts';
import { createFaults } from './faults.ts';
import { helixRouter } from './helix.ts';
import { eventSubRoutes } from './helix-eventsub.ts';
import { createLog, type Hub } from './hub.ts';
import { createIrc } from './irc.ts';
import { createLimits, type LimitSettings, TWITCH_LIMITS } from './limits.ts';
import { oauthRouter } from './oauth.ts';
import { serveCall, type Router } from './rest.ts';
import { createStage, type Twitch } from './stage.ts';
import { texts } from './texts.ts';
import { createTokens } from './tokens.ts';
import { createWorld } from './world.ts';

export type { Twitch } from './stage.ts';

/** How the simulator starts. Everything has a default that is as on Twitch. */
export interface TwitchOptions {
  /** 0 takes a free one. */
  port?: number;
  /** More channels and more people than the sample ones. */
  rooms?: string[];
  people?: string[];
  limits?: Partial<LimitSettings>;
  /** ms since the epoch: limits, time-outs and tokens are judged by it. */
  clock?: () => number;
  /** Seconds that an access token lives. */
  lifetime?: number;
  /** Every refresh gives a new refresh token and ends the old one. */
  rotate?: boolean;
  /** Any client id, secret and refresh token of the right form is taken, as one of the bot. */
  anyToken?: boolean;
  pingEveryMs?: number;
  pongWithinMs?: number;
  /** How long a connection lives after it was asked to reconnect: 1 s for chat, 30 s for events. */
  reconnectWithinMs?: number;
  /** How long an EventSub socket may stay without a subscription. */
  subscribeWithinMs?: number;
}

/** Starts a Twitch on loopback: chat, sign-in and API on one port. */
export async function startTwitch(options: TwitchOptions = {}): Promise<Twitch> {
  const hub = createHub(options);
  const irc = createIrc(hub, {
    pingEveryMs: options.pingEveryMs ?? 300_000,
    pongWithinMs: options.pongWithinMs ?? 10_000,
    reconnectWithinMs: options.reconnectWithinMs ?? 1_000,
  });
  const eventsub = createEventSub(hub, {
    subscribeWithinMs: options.subscribeWithinMs ?? 10_000,
    reconnectWithinMs: options.reconnectWithinMs ?? 30_000,
  });
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024, autoPong: false });
  const port = await listen(server, options.port ?? 0);
  const stop = (): Promise<void> => (irc.stop(), eventsub.stop(), close(server, sockets));
  const twitch = createStage({ hub, irc, eventsub, port, stop });
  const helix = helixRouter(eventSubRoutes(eventsub));
  const router: Router = (method, path) => oauthRouter(method, path) ?? helix(method, path);
  server.on('request', (request, response) => void serve({ hub, twitch, router }, request, response));
  server.on('upgrade', upgradeTo(hub, sockets, { '/irc': irc.accept, '/eventsub': eventsub.accept }));
  return twitch;
}

type Accept = (socket: WebSocket, request: IncomingMessage) => void;

function createHub(options: TwitchOptions): Hub {
  const clock = options.clock ?? Date.now;
  const world = createWorld({ rooms: options.rooms ?? [], people: options.people ?? [] });
  const { lifetime = 14_400, rotate = false, anyToken = false } = options;
  return {
    world,
    clock,
    limits: createLimits(clock, { ...TWITCH_LIMITS, ...options.limits }),
    tokens: createTokens(world.bot, clock, { lifetime, rotate, anyToken }),
    faults: createFaults(),
    log: createLog(),
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

function close(server: Server, sockets: WebSocketServer): Promise<void> {
  for (const socket of sockets.clients) socket.terminate();
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

interface Parts {
  hub: Hub;
  twitch: Twitch;
  router: Router;
}

async function serve(
  { hub, twitch, router }: Parts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    if (!(await controlRoutes(twitch, request, response))) await serveCall(hub, router, request, response);
  } catch (error) {
    hub.log.violation(texts.ownFault(String(error)));
    request.socket.destroy();
  }
}

/** Hands a socket to who serves its path. Pings are answered by them, as a silent server answers none. */
function upgradeTo(
  { log }: Hub,
  sockets: WebSocketServer,
  accepts: Record<string, Accept>,
): (...upgrade: Upgrade) => void {
  return (request, socket, head) => {
    const path = new URL(request.url ?? '/', 'http://127.0.0.1').pathname;
    const accept = accepts[path];
    if (accept) return sockets.handleUpgrade(request, socket, head, accept);
    log.violation(texts.unknownSocket(path));
    socket.on('error', () => socket.destroy());
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
  };
}

type Upgrade = [request: IncomingMessage, socket: Duplex, head: Buffer];
