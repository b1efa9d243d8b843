import type { FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { seeRooms } from '#chat/read-room.ts';
import { memberships } from '#auth/profile.ts';
import { endedAmong, touch, type Session } from '#auth/sessions.ts';
import { badRequest, notReady } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { LiveEvent } from '#core/live.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { handleFrame, sendError } from './handle-frame.ts';
import type { Hub } from './hub.ts';
import { LiveSocket } from './socket.ts';

const sessions = new WeakMap<FastifyRequest, Session>();

/** `GET /v1/live`: the WebSocket. Refused before the upgrade with 401, 403 or 503. */
export function liveRoute(app: App, hall: Hall, { callers, hub }: { callers: Callers; hub: Hub }): void {
  app.route({
    method: 'GET',
    url: '/v1/live',
    schema: { hide: true },
    preValidation: async (request) => {
      const session = await callers.needLive(request);
      if (hub.sockets.size >= LIMITS.sockets || countOf(hub, session.account) >= LIMITS.socketsPerAccount)
        throw notReady('full', 'There are too many live connections.');
      sessions.set(request, session);
    },
    handler: () => {
      throw badRequest('not-websocket', 'This address speaks WebSocket alone.');
    },
    wsHandler: (ws, request) => open(app, hall, { hub, ws, session: sessions.get(request) as Session }),
  });
}

function open(app: App, hall: Hall, { hub, ws, session }: { hub: Hub; ws: WebSocket; session: Session }): void {
  const socket = new LiveSocket(ws, session, hub.counts);
  socket.onFailure = (error) => app.log.error({ err: error }, 'frame failed');
  hub.connect(socket);
  void refreshSight(hall, hub, socket).catch((error: unknown) =>
    app.log.error({ err: error }, 'rooms of a connection not read'),
  );
  ws.on('message', (data, binary) => {
    if (socket.closing || tooMany(hall, hub, socket)) return;
    if (binary) return sendError(hub, socket, { code: 'bad-frame', detail: 'Frames are text.' });
    void handleFrame(hall, hub, socket, data.toString());
  });
  ws.on('pong', () => (socket.awaitingPong = false));
  ws.on('close', () => hub.disconnect(socket));
  ws.on('error', () => undefined);
}

/** Frames count in windows of POST_LIMIT's length; beyond the limit they are dropped, each window with one word about it. */
function tooMany(hall: Hall, hub: Hub, socket: LiveSocket): boolean {
  const { uses, perSeconds } = hall.settings.limits.post;
  const now = performance.now();
  if (now - socket.windowStart > perSeconds * 1000) {
    socket.windowStart = now;
    socket.framesIn = 0;
  }
  socket.framesIn++;
  const most = uses * LIMITS.framesPerPost;
  if (socket.framesIn <= most) return false;
  if (socket.framesIn === most + 1)
    sendError(hub, socket, {
      code: 'too-fast',
      detail: `More than ${most} frames in ${perSeconds} seconds. The rest is not read.`,
    });
  if (socket.framesIn > most * 50) socket.close(1008, 'far too many frames');
  return true;
}

/** Notes what a connection may see. */
async function refreshSight(hall: Hall, hub: Hub, socket: LiveSocket): Promise<void> {
  const person = socket.session;
  const [rooms, communities] = await Promise.all([seeRooms(hall.chat, person), memberships(hall.auth, person.account)]);
  socket.communities = new Set(communities.map(({ id }) => id));
  if (hub.sockets.has(socket)) hub.see(socket, new Set(rooms.map(({ id }) => id)));
}

/** Passes on a change of what people may see: who lost a room leaves it, and all who are concerned are told to look again. */
export async function roomsChanged(hall: Hall, hub: Hub, event: Extract<LiveEvent, { kind: 'rooms' }>): Promise<void> {
  const { community, account, gone } = event;
  const told = [...hub.sockets].filter(
    (one) => one.communities.has(community) && (account === undefined || one.session.account === account),
  );
  for (const socket of told) {
    if (gone !== undefined) hub.leave(socket, gone);
    hub.tell(socket, { type: 'rooms' });
  }
  for (const socket of told) await refreshSight(hall, hub, socket);
}

/** Every few seconds: ends connections whose session ended in another process, notes that the others are in use, and pings. */
export function watchSockets(app: App, hall: Hall, hub: Hub): void {
  let round = 0;
  const timer = setInterval(() => {
    round++;
    void checkSessions(hall, hub).catch((error: unknown) => app.log.error({ err: error }, 'sessions not checked'));
    if (round % (LIMITS.heartbeat / CHECK_SECONDS) === 0) for (const socket of hub.sockets) socket.beat();
  }, CHECK_SECONDS * 1000);
  timer.unref();
  app.addHook('onClose', () => clearInterval(timer));
}

const CHECK_SECONDS = 10;
const CHUNK = 500;

async function checkSessions(hall: Hall, hub: Hub): Promise<void> {
  const ids = [...new Set([...hub.sockets].map(({ session }) => session.id))];
  for (let start = 0; start < ids.length; start += CHUNK) {
    const some = ids.slice(start, start + CHUNK);
    const ended = await endedAmong(hall.auth, some);
    if (ended.length > 0) hub.deliver({ kind: 'session-ended', sessions: ended });
    await touch(hall.auth, some);
  }
}

function countOf(hub: Hub, account: string): number {
  let count = 0;
  for (const socket of hub.sockets) if (socket.session.account === account) count++;
  return count;
}
