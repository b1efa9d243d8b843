import type { RawData, WebSocket } from 'ws';
import { eventFault } from './faults.ts';
import type { Hub } from './hub.ts';
import { type IrcParts, linesOf, parseLine } from './irc-line.ts';
import { hasCommands, receive, send, type Session, SUSPENDED } from './irc-session.ts';
import { wire } from './irc-wire.ts';
import type { Channel, ChatEvent } from './world.ts';

export interface IrcSettings {
  /** How often the server asks whether somebody is there, in ms. */
  pingEveryMs: number;
  /** How long it waits for the answer. */
  pongWithinMs: number;
  /** How long a connection lives after the server asked it to reconnect. */
  reconnectWithinMs: number;
}

export interface Irc {
  accept(socket: WebSocket): void;
  /** The channels that at least one live connection is in. */
  joined(): Set<Channel>;
  /** Who joins or leaves is told to this one. */
  watch(changed: () => void): void;
  unwatch(changed: () => void): void;
  disconnect(): void;
  reconnect(): void;
  stop(): void;
}

/** The chat server: hands lines to and fro between connections and the world. */
export function createIrc(hub: Hub, settings: IrcSettings): Irc {
  const sessions = new Set<Session>();
  const watchers = new Set<() => void>();
  const changed = (): void => watchers.forEach((watcher) => watcher());
  const everybodyIn = (channel: Channel): string[] =>
    [...sessions].filter(({ joined }) => joined.has(channel)).map(({ nick }) => nick);
  const listener = (event: ChatEvent): void => sessions.forEach((session) => deliver(session, event));
  hub.world.listeners.add(listener);
  return {
    accept(socket) {
      const session = newSession(hub, socket, { changed, everybodyIn });
      sessions.add(session);
      serve(session, settings, () => sessions.delete(session));
    },
    joined: () => new Set([...sessions].filter(isOpen).flatMap(({ joined }) => [...joined])),
    watch: (watcher) => void watchers.add(watcher),
    unwatch: (watcher) => void watchers.delete(watcher),
    disconnect: () => sessions.forEach(({ socket }) => socket.terminate()),
    reconnect: () => sessions.forEach((session) => askToReconnect(session, settings)),
    stop: () => void hub.world.listeners.delete(listener),
  };
}

const isOpen = ({ socket }: Session): boolean => socket.readyState === socket.OPEN;

function newSession(hub: Hub, socket: WebSocket, ties: Pick<Session, 'changed' | 'everybodyIn'>): Session {
  const nobody = { pass: '', nick: '', account: undefined, scopes: [] };
  return { mark: Symbol('connection'), hub, socket, caps: new Set(), joined: new Set(), ...nobody, ...ties };
}

function serve(session: Session, settings: IrcSettings, ended: () => void): void {
  const { socket } = session;
  const alive = keepAlive(session, settings);
  socket.on('message', (data) => {
    if (session.hub.faults.silent) return;
    for (const raw of linesOf(textOf(data))) take(session, raw, alive.heard);
  });
  socket.on('ping', () => session.hub.faults.silent || socket.pong());
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    alive.stop();
    session.joined.clear();
    ended();
    session.changed();
  });
}

const textOf = (data: RawData): string =>
  (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)).toString('utf8');

function take(session: Session, raw: string, heard: () => void): void {
  const line = parseLine(raw);
  if (line.command === 'PONG') heard();
  const status = receive(session, line);
  const [path = '', ...rest] = line.params;
  session.hub.log.call({ method: line.command, path, body: { tags: line.tags, text: rest.join(' ') }, status });
}

/** PING goes out now and then, and no answer ends the connection. Only who logged in is asked. */
function keepAlive(session: Session, settings: IrcSettings): { heard: () => void; stop: () => void } {
  let waiting: NodeJS.Timeout | undefined;
  const timer = setInterval(() => {
    if (session.nick === '') return;
    send(session, { prefix: '', command: 'PING', text: 'tmi.twitch.tv' });
    waiting ??= setTimeout(() => session.hub.faults.silent || session.socket.close(), settings.pongWithinMs);
  }, settings.pingEveryMs);
  const heard = (): void => {
    clearTimeout(waiting);
    waiting = undefined;
  };
  return { heard, stop: () => (clearInterval(timer), heard()) };
}

function askToReconnect(session: Session, { reconnectWithinMs }: IrcSettings): void {
  send(session, { command: 'RECONNECT' });
  const timer = setTimeout(() => session.socket.close(), reconnectWithinMs);
  session.socket.once('close', () => clearTimeout(timer));
}

/** What is said goes to everybody in the channel but the connection that said it. */
function deliver(session: Session, event: ChatEvent): void {
  if (event.kind === 'message') return deliverMessage(session, event);
  const lines = linesFor(session, event);
  if (hasCommands(session) || event.kind === 'removed') send(session, ...lines);
  const leaves = event.kind === 'suspended' || (event.kind === 'removed' && event.account === session.account);
  if (leaves && session.joined.delete(event.channel)) session.changed();
}

function deliverMessage(session: Session, { line }: ChatEvent & { kind: 'message' }): void {
  if (!session.joined.has(line.channel) || line.from === session.mark) return;
  const { copies, cut } = eventFault(session.hub.faults);
  for (let copy = 0; copy < copies; copy += 1) send(session, wire.message(line));
  if (cut) setImmediate(() => session.socket.terminate());
}

function linesFor({ joined, hub, account, nick }: Session, event: Exclude<ChatEvent, { kind: 'message' }>): IrcParts[] {
  const channel = event.kind === 'deleted' ? event.line.channel : event.channel;
  if (!joined.has(channel)) return [];
  switch (event.kind) {
    case 'deleted':
      return [wire.deleted(event.line, hub.clock())];
    case 'cleared':
      return [wire.cleared(channel, hub.clock(), event.target, event.seconds)];
    case 'removed':
      return event.account === account ? [wire.part(nick, channel)] : [];
    case 'room':
      return [wire.roomState(channel, true)];
    case 'suspended':
      return [wire.notice(`#${channel.login}`, SUSPENDED)];
    case 'live':
      return [];
  }
}
