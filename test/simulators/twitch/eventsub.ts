import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { type EventName, eventOf } from './eventsub-events.ts';
import { eventFault } from './faults.ts';
import type { Hub } from './hub.ts';
import { texts } from './texts.ts';
import type { ChatEvent } from './world.ts';

export interface Subscription {
  id: string;
  status: string;
  type: EventName;
  version: string;
  condition: Record<string, string>;
  created_at: string;
  transport: { method: 'websocket'; session_id: string; connected_at: string };
  cost: number;
}

/** One client, over as many sockets as it needs: a new one takes the place of the old after a reconnect. */
export interface EventSession {
  id: string;
  /** The address that the client came to, and has to come back to. */
  host: string;
  socket: WebSocket;
  account: string;
  keepaliveSeconds: number;
  connectedAt: string;
  subscriptions: Subscription[];
}

export interface EventSub {
  sessions: Map<string, EventSession>;
  accept(socket: WebSocket, request: IncomingMessage): void;
  disconnect(): void;
  reconnect(): void;
  /** Ends every subscription, for the reason that Twitch gives in its status. */
  revoke(status: string): void;
  stop(): void;
}

export interface EventSubSettings {
  /** How long a socket may stay without a subscription, in ms. */
  subscribeWithinMs: number;
  /** How long an old socket lives after a session_reconnect. */
  reconnectWithinMs: number;
}

/** The events server: https://dev.twitch.tv/docs/eventsub/handling-websocket-events/ */
export function createEventSub(hub: Hub, settings: EventSubSettings): EventSub {
  const sessions = new Map<string, EventSession>();
  const each = (act: (session: EventSession) => void): void => [...sessions.values()].forEach(act);
  const listener = (event: ChatEvent): void => each((session) => notify(hub, session, event));
  hub.world.listeners.add(listener);
  return {
    sessions,
    accept: (socket, request) => open({ hub, sessions, settings }, socket, request),
    disconnect: () => each(({ socket }) => socket.terminate()),
    reconnect: () => each((session) => askToReconnect(hub, session, settings)),
    revoke: (status) => each((session) => revokeAll(hub, session, status)),
    stop: () => void hub.world.listeners.delete(listener),
  };
}

interface Ties {
  hub: Hub;
  sessions: Map<string, EventSession>;
  settings: EventSubSettings;
}

/** Why the server closes a socket: https://dev.twitch.tv/docs/eventsub/handling-websocket-events/#close-message */
const CLOSED = {
  chatty: [4001, 'client sent inbound traffic'],
  unused: [4003, 'connection unused'],
  late: [4004, 'reconnect grace time expired'],
  wrongUrl: [4007, 'invalid reconnect'],
} as const;

function open(ties: Ties, socket: WebSocket, request: IncomingMessage): void {
  const { hub, sessions } = ties;
  const { searchParams: query, host } = new URL(request.url ?? '/', `http://${request.headers.host}`);
  const old = query.get('reconnect');
  const known = old === null ? undefined : sessions.get(old);
  guard(hub, socket);
  if (old !== null && !known) return socket.close(...CLOSED.wrongUrl);
  const session = known ?? newSession(socket, query, host);
  session.socket = socket;
  sessions.set(session.id, session);
  serve(ties, session);
}

function newSession(socket: WebSocket, query: URLSearchParams, host: string): EventSession {
  const asked = Number(query.get('keepalive_timeout_seconds') ?? 10);
  const keepaliveSeconds = Math.min(600, Math.max(10, Number.isFinite(asked) ? Math.round(asked) : 10));
  const connectedAt = new Date().toISOString();
  return { id: randomUUID(), host, socket, account: '', keepaliveSeconds, connectedAt, subscriptions: [] };
}

/** The socket is one-way: a client that speaks is cut off. */
function guard(hub: Hub, socket: WebSocket): void {
  socket.on('error', () => socket.terminate());
  socket.on('ping', () => hub.faults.silent || socket.pong());
  socket.on('message', () => {
    if (hub.faults.silent) return;
    hub.log.violation(texts.chattySocket);
    socket.close(...CLOSED.chatty);
  });
}

function serve({ hub, sessions, settings }: Ties, session: EventSession): void {
  const { socket } = session;
  const unused = (): boolean => session.subscriptions.length === 0 && session.socket === socket;
  const idle = setTimeout(() => unused() && socket.close(...CLOSED.unused), settings.subscribeWithinMs);
  const alive = setInterval(
    () => send(hub, socket, { type: 'session_keepalive', payload: {} }),
    session.keepaliveSeconds * 1_000,
  );
  socket.on('close', () => {
    clearTimeout(idle);
    clearInterval(alive);
    if (session.socket === socket) sessions.delete(session.id);
  });
  send(hub, socket, { type: 'session_welcome', payload: { session: stateOf(session, 'connected') } });
}

function stateOf(session: EventSession, status: string, reconnectUrl: string | null = null): Record<string, unknown> {
  const { id, keepaliveSeconds, connectedAt } = session;
  const keepalive = reconnectUrl === null ? keepaliveSeconds : null;
  return {
    id,
    status,
    keepalive_timeout_seconds: keepalive,
    reconnect_url: reconnectUrl,
    connected_at: connectedAt,
  };
}

interface Sent {
  type: string;
  payload: unknown;
  id?: string;
  /** More metadata. */
  more?: Record<string, string>;
}

function send(hub: Hub, socket: WebSocket, { type, payload, id = randomUUID(), more }: Sent): void {
  if (hub.faults.silent || socket.readyState !== socket.OPEN) return;
  const message_timestamp = new Date(hub.clock()).toISOString();
  const metadata = { message_id: id, message_type: type, message_timestamp, ...more };
  socket.send(JSON.stringify({ metadata, payload }));
}

const typeOf = ({ type, version }: Subscription): Record<string, string> => ({
  subscription_type: type,
  subscription_version: version,
});

/** A second delivery has the id of the first: that is how a client knows it. */
function notify(hub: Hub, session: EventSession, happened: ChatEvent): void {
  for (const subscription of session.subscriptions) {
    const event = eventOf(subscription, happened);
    if (!event) continue;
    const { copies, cut } = eventFault(hub.faults);
    const payload = { subscription, event: event.fields };
    const told = { type: 'notification', payload, id: `${subscription.id}/${event.key}`, more: typeOf(subscription) };
    for (let copy = 0; copy < copies; copy += 1) send(hub, session.socket, told);
    if (cut) setImmediate(() => session.socket.terminate());
  }
}

/** The old socket stays good until the new one is welcomed, but not for ever. */
function askToReconnect(hub: Hub, session: EventSession, { reconnectWithinMs }: EventSubSettings): void {
  const { socket, id } = session;
  const url = `ws://${session.host}/eventsub?reconnect=${id}`;
  const payload = { session: stateOf(session, 'reconnecting', url) };
  send(hub, socket, { type: 'session_reconnect', payload });
  const timer = setTimeout(() => socket.close(...CLOSED.late), reconnectWithinMs);
  socket.once('close', () => clearTimeout(timer));
}

function revokeAll(hub: Hub, session: EventSession, status: string): void {
  for (const subscription of session.subscriptions.splice(0)) {
    subscription.status = status;
    send(hub, session.socket, { type: 'revocation', payload: { subscription }, more: typeOf(subscription) });
  }
}
