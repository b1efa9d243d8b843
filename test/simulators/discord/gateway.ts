import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { type Connection, type GatewayState, OPS } from './connection.ts';
import { plain, zlibStream } from './encoding.ts';
import { identify, requestMembers, resume } from './gateway-sign-in.ts';
import { type Platform, violate } from './platform.ts';
import type { Packet } from './sessions.ts';
import { texts } from './texts.ts';

/** The gateway: https://discord.com/developers/docs/events/gateway */
export interface Gateway {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Resolves when a client is signed in and was told of its guilds. */
  connected(): Promise<void>;
  connections: Set<Connection>;
  stop(): void;
}

export function createGateway(platform: Platform): Gateway {
  const state: GatewayState = { platform, connections: new Set(), waiting: [], lastIdentify: 0 };
  const server = new WebSocketServer({ noServer: true, maxPayload: 64 * 1_024 });
  const isReady = (): boolean => [...state.connections].some((one) => one.session && !one.mute);
  return {
    connections: state.connections,
    upgrade(request, socket, head) {
      server.handleUpgrade(request, socket, head, (client) => welcome(state, client, request.url ?? ''));
    },
    connected: () => (isReady() ? Promise.resolve() : new Promise((resolve) => state.waiting.push(resolve))),
    stop() {
      for (const one of state.connections) one.socket.terminate();
      server.close();
    },
  };
}

function welcome(state: GatewayState, socket: WebSocket, url: string): void {
  const query = new URL(url, 'http://127.0.0.1').searchParams;
  const compress = query.get('compress') ?? 'zlib-stream';
  if (query.get('v') !== '10' || query.get('encoding') !== 'json' || compress !== 'zlib-stream') {
    violate(state.platform, texts.badQuery(String(query)));
    return socket.close(4012, 'Invalid API version');
  }
  const connection = connect(state, socket, query.get('compress') === 'zlib-stream');
  socket.on('message', (data) => receive(state, connection, data));
  socket.on('error', () => socket.terminate());
  socket.on('close', (code) => leave(state, connection, code));
  connection.send({ op: OPS.hello, d: { heartbeat_interval: state.platform.settings.heartbeatMs, _trace: [] } });
  expectHeartbeat(state, connection);
}

function connect(state: GatewayState, socket: WebSocket, compressed: boolean): Connection {
  const put = (frame: string | Buffer): void => socket.send(frame);
  const connection: Connection = {
    socket,
    encode: compressed ? zlibStream(put) : plain(put),
    compressed,
    session: undefined,
    mute: false,
    deadline: undefined,
    frames: { count: 0, since: Date.now() },
    send(packet) {
      if (connection.mute || socket.readyState !== socket.OPEN) return;
      connection.encode(JSON.stringify({ s: null, t: null, ...packet }));
      if (packet.op === OPS.dispatch) perhapsCut(state.platform, connection);
    },
    close: (code, reason) => socket.close(code, reason),
  };
  state.connections.add(connection);
  return connection;
}

/** Cuts after an event where the dice of the random faults say so. */
function perhapsCut({ faults: { random } }: Platform, { socket }: Connection): void {
  if (random && random.chance() < random.rate.disconnect) socket.terminate();
}

/** A client that closes with 1000 or 1001 gives its session up; after any other end it may come back. */
function leave(state: GatewayState, connection: Connection, code: number): void {
  clearTimeout(connection.deadline);
  state.connections.delete(connection);
  const { session } = connection;
  if (!session || session.send !== connection.send) return;
  session.send = undefined;
  session.droppedAt = Date.now();
  if (code === 1000 || code === 1001) state.platform.sessions.drop(session);
}

/** Whoever says nothing for one and a half intervals is taken for dead. */
function expectHeartbeat(state: GatewayState, connection: Connection): void {
  clearTimeout(connection.deadline);
  const patience = state.platform.settings.heartbeatMs * 1.5;
  const end = (): void => {
    if (!connection.mute) connection.close(4009, 'Session timed out.');
  };
  connection.deadline = setTimeout(end, patience).unref();
}

const FRAMES = { most: 120, perMs: 60_000 };

function receive(state: GatewayState, connection: Connection, data: RawData): void {
  if (connection.mute) return;
  const packet = parsed(String(data));
  if (!packet) {
    violate(state.platform, texts.badFrame);
    return connection.close(4002, 'Error while decoding payload.');
  }
  if (isFlooding(connection)) {
    violate(state.platform, texts.tooManyFrames);
    return connection.close(4008, 'You are being rate limited.');
  }
  const act = ACTS[packet.op];
  if (act) return act(state, connection, packet.d);
  violate(state.platform, texts.unknownOp(packet.op));
  connection.close(4001, 'Unknown opcode.');
}

function parsed(text: string): Packet | undefined {
  try {
    const packet: unknown = JSON.parse(text);
    return typeof packet === 'object' && packet !== null && 'op' in packet && typeof packet.op === 'number'
      ? { op: packet.op, d: 'd' in packet ? packet.d : undefined }
      : undefined;
  } catch {
    return undefined;
  }
}

function isFlooding({ frames }: Connection): boolean {
  if (Date.now() - frames.since > FRAMES.perMs) Object.assign(frames, { count: 0, since: Date.now() });
  frames.count += 1;
  return frames.count > FRAMES.most;
}

type Act = (state: GatewayState, connection: Connection, data: unknown) => void;

const ACTS: Record<number, Act> = {
  [OPS.heartbeat]: (state, connection) => {
    expectHeartbeat(state, connection);
    connection.send({ op: OPS.heartbeatAck, d: null });
  },
  [OPS.identify]: identify,
  [OPS.resume]: resume,
  [OPS.presence]: signedIn(() => undefined),
  [OPS.voice]: signedIn(() => undefined),
  [OPS.members]: signedIn(requestMembers),
};

function signedIn(act: Act): Act {
  return (state, connection, data) => {
    if (connection.session) act(state, connection, data);
    else connection.close(4003, 'Not authenticated.');
  };
}
