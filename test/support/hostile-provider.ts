import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { createGzip, gzipSync } from 'node:zlib';

/** A provider on loopback that does its worst. What it does is the last part of the path, such as `/v2/torn/redirect`. */
export interface HostileProvider {
  url: string;
  port: number;
  /** The requests that came, the oldest first. */
  seen: Seen[];
  /** Bytes of bodies that it was able to send. */
  sent(): number;
  /** Connections that were opened to it. */
  connections(): number;
  stop(): Promise<void>;
}

export interface Seen {
  path: string;
  authorization: string;
  at: number;
}

export async function startHostileProvider(host = '127.0.0.1', port = 0): Promise<HostileProvider> {
  const state: State = { seen: [], sent: 0, connections: 0, open: new Set(), used: new WeakSet() };
  const server = createServer((request, response) => void answer(state, request, response));
  server.on('connection', (socket) => {
    state.connections++;
    state.open.add(socket);
    socket.on('close', () => state.open.delete(socket)).on('error', () => undefined);
  });
  server.listen(port, host);
  await once(server, 'listening');
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${taken}`,
    port: taken,
    seen: state.seen,
    sent: () => state.sent,
    connections: () => state.connections,
    async stop() {
      server.close();
      for (const socket of state.open) socket.destroy();
      await once(server, 'close');
    },
  };
}

interface State {
  seen: Seen[];
  sent: number;
  connections: number;
  open: Set<Socket>;
  used: WeakSet<Socket>;
}

interface Act {
  state: State;
  request: IncomingMessage;
  response: ServerResponse;
  /** The key as it came. */
  secret: string;
}

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://provider');
  const authorization = request.headers.authorization ?? '';
  state.seen.push({ path: request.url ?? '/', authorization, at: performance.now() });
  response.on('error', () => undefined);
  const name = pathname.split('/').at(-1) ?? '';
  const act = { state, request, response, secret: authorization.replace(/^ApiKey /, '') };
  const echo = ECHOES[name];
  if (echo) return json(response, 200, `{"said":"${echo(act.secret)}"}`);
  await (ACTS[name] ?? fine)(act);
}

/** Ends the connection when a second request comes on it. */
function fineOnce({ request, response, state }: Act): void {
  if (state.used.has(request.socket)) return void request.socket.destroy();
  state.used.add(request.socket);
  json(response, 200, '{"fine":true}');
}

function fine({ response }: Act): void {
  json(response, 200, '{"fine":true}');
}

function json(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(body);
}

/** The key in every form that it could come back in. */
export const ECHOES: Record<string, (secret: string) => string> = {
  'echo-plain': (secret) => secret,
  'echo-reversed': (secret) => [...secret].toReversed().join(''),
  'echo-base64': (secret) => Buffer.from(secret).toString('base64'),
  'echo-base64-one': (secret) => Buffer.from(`x${secret}y`).toString('base64'),
  'echo-base64-two': (secret) => Buffer.from(`xy${secret}z`).toString('base64'),
  'echo-base64url': (secret) => Buffer.from(`u${secret}`).toString('base64url'),
  'echo-hex': (secret) => Buffer.from(secret).toString('hex'),
  'echo-hex-capitals': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  'echo-percent': (secret) => Buffer.from(secret).toString('hex').replaceAll(/../g, '%$&'),
  'echo-percent-part': (secret) => `${percent(secret.slice(0, 1))}${secret.slice(1, -1)}${percent(secret.slice(-1))}`,
  'echo-json': (secret) => [...secret].map(escape).join(''),
  'echo-json-part': (secret) => `${secret.slice(0, 3)}${escape(secret[3] ?? '')}${secret.slice(4)}`,
  'echo-json-base64': (secret) => Buffer.from(`??${secret}`).toString('base64').replaceAll('/', '\\/'),
};

const percent = (text: string): string => `%${Buffer.from(text).toString('hex').toUpperCase()}`;
const escape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;

const ACTS: Record<string, (act: Act) => void | Promise<void>> = {
  'fine-once': fineOnce,
  'fine-later': ({ response }) => void setTimeout(() => json(response, 200, '{"fine":true}'), 6_000),
  redirect: ({ response }) => void response.writeHead(302, { location: 'http://elsewhere.invalid/' }).end(),
  /** A gigabyte, as long as somebody reads it. */
  huge: ({ state, response }) => pour(state, response),
  'huge-told': ({ response }) => void response.writeHead(200, { 'content-length': GIGABYTE }).write('x'),
  'gzip-bomb': ({ state, response }) => bomb(state, response),
  packed: ({ response }) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"fine":true}')),
  'packed-strangely': ({ response }) => void response.writeHead(200, { 'content-encoding': 'compress' }).end('?'),
  /** One byte a second, for ever. */
  drip: ({ response }) => drip(response.writeHead(200), 'x', 1_000),
  'drip-headers': ({ request }) => drip(begun(request.socket), 'x', 1_000),
  'endless-headers': ({ request }) => drip(begun(request.socket), `x\r\nx-more: ${'x'.repeat(2_000)}`, 5),
  silent: () => undefined,
  cut: ({ request }) => {
    request.socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"half":', () => request.socket.destroy());
  },
  'cut-at-once': ({ request }) => void request.socket.destroy(),
  noise: ({ request }) => void request.socket.end('SSH-2.0-no\r\n\r\n'),
  switching: ({ request }) => void request.socket.write(`${SWITCHING}connection: upgrade\r\n\r\n`),
  'switching-half': ({ request }) => void request.socket.write(`${SWITCHING}\r\n`),
  limited: ({ response }) => void response.writeHead(429, { 'retry-after': '7' }).end('{}'),
  'limited-without-time': ({ response }) => json(response, 429, '{}'),
  maintenance: ({ response }) => void response.writeHead(503, { 'retry-after': '9' }).end('{}'),
  'error-2': ({ response }) => json(response, 200, '{"error":{"code":2,"error":"Incorrect key"}}'),
  'error-5': ({ response }) => json(response, 200, '{"error":{"code":5,"error":"Too many requests"}}'),
  'error-8': ({ response }) => json(response, 200, '{"error":{"code":8,"error":"IP block"}}'),
  'error-6': ({ response }) => json(response, 200, '{"error":{"code":6,"error":"Incorrect ID"}}'),
  'echo-type': ({ response, secret }) => void response.writeHead(200, { 'content-type': `x/${secret}` }).end('{}'),
  'echo-packed': ({ response, secret }) =>
    void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(`{"key":"${secret}"}`)),
  'large-but-fine': ({ response }) => json(response, 200, JSON.stringify({ rows: 'x'.repeat(1024 * 1024 - 20) })),
};

const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n';
const GIGABYTE = 1024 ** 3;
const PIECE = Buffer.alloc(64 * 1024, 'x');

/** A gigabyte at the pace of who reads it; counts what left. */
async function pour(state: State, to: Writable): Promise<void> {
  const closed = new AbortController();
  to.on('close', () => closed.abort());
  for (let sent = 0; sent < GIGABYTE && !to.destroyed; sent += PIECE.length) {
    state.sent += PIECE.length;
    if (!to.write(PIECE)) await once(to, 'drain', { signal: closed.signal }).catch(() => undefined);
  }
  to.end();
}

/** A gigabyte that is a megabyte on its way. */
async function bomb(state: State, response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-encoding': 'gzip' });
  const gzip = createGzip();
  gzip.on('error', () => undefined).pipe(response);
  response.on('close', () => gzip.destroy());
  await pour(state, gzip);
}

/** The same piece again and again, until nobody takes it. */
function drip(to: Writable, piece: string, every: number): void {
  const timer = setInterval(() => to.write(piece), every);
  to.on('close', () => clearInterval(timer));
}

function begun(socket: Socket): Socket {
  socket.write('HTTP/1.1 200 OK\r\nx-first: ');
  return socket;
}
