import type { FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import type { Session } from '#auth/sessions.ts';
import { badRequest, notReady } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { Asked } from './asked.ts';
import { handleFrame, sendError } from './handle-frame.ts';
import type { Hub } from './hub.ts';
import { refreshSight } from './sight.ts';
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
  if (hall.shared) socket.asked = new Asked();
  hub.connect(socket);
  void refreshSight(hall, hub, socket).catch((error: unknown) =>
    app.log.error({ err: error }, 'rooms of a connection not read'),
  );
  ws.on('message', (data, binary) => {
    if (socket.closing || tooMany(hall, hub, socket)) return;
    if (binary) return sendError(hub, socket, { code: 'bad-frame', detail: 'Frames are text.' });
    if (++socket.inHand >= LIMITS.framesInHand) ws.pause();
    void handleFrame(hall, hub, socket, data.toString()).then(() => {
      if (socket.inHand-- === LIMITS.framesInHand) ws.resume();
    });
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

function countOf(hub: Hub, account: string): number {
  let count = 0;
  for (const socket of hub.sockets) if (socket.session.account === account) count++;
  return count;
}
