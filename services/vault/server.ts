import { constants } from 'node:crypto';
import { createServer as plainServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as tlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { REQUEST_HEADERS, VAULT_MS } from '#contracts/vault.ts';
import type { Audit } from './audit.ts';
import { callerGone } from './call-refusals.ts';
import { ON_THIS_MACHINE, mayAsk } from './callers.ts';
import { LISTENING } from './listening.ts';
import { Refusal } from './refusal.ts';
import { refusedNoted } from './refused-noted.ts';
import type { Replays } from './replays.ts';
import { type Answer, routeOf, type Route, type RouteParts } from './routes.ts';

export interface ServerParts extends RouteParts {
  replays: Replays;
}

/** PEM texts. */
export interface ServerCertificate {
  cert: Buffer;
  key: Buffer;
  ca: Buffer;
}

export interface VaultServers {
  /** For a socket of this machine: whoever can open it may ask everything. */
  here: Server;
  /** For other machines: a caller is who its certificate says. */
  elsewhere: Server | undefined;
}

/** The vault's servers. They do not listen yet. */
export function vaultServers(parts: ServerParts, certificate?: ServerCertificate): VaultServers {
  const refused = refusedNoted(parts.audit);
  const handler = new Handler(parts, refused);
  const here = bounded(
    plainServer({ ...HTTP }, (request, response) => void handler.take(ON_THIS_MACHINE, request, response)),
  );
  if (!certificate) return { here, elsewhere: undefined };
  const elsewhere = tlsServer({ ...HTTP, ...TLS, ...certificate }, (request, response) => {
    void handler.take(callerOf(request.socket as TLSSocket), request, response);
  });
  elsewhere.on('tlsClientError', (error: Error & { code?: string }, socket) => {
    const why = (socket.authorizationError as unknown as string | undefined) ?? error.code ?? error.name;
    refused({
      at: Date.now(),
      by: socket.remoteAddress ?? 'unknown',
      operation: 'connect',
      owner: '',
      purpose: '',
      outcome: `refused: ${String(why).slice(0, 60)}`,
    });
  });
  boundHandshakes(elsewhere);
  return { here, elsewhere: bounded(elsewhere) };
}

/** The oldest gives way, so that strangers who say nothing take no place of who has a certificate. */
function boundHandshakes(server: Server): void {
  const under = new Map<string, Socket>();
  server.on('connection', (socket: Socket) => {
    const name = nameOf(socket);
    under.set(name, socket);
    socket.once('close', () => under.get(name) === socket && under.delete(name));
    const [oldest] = under;
    if (!oldest || under.size <= LISTENING.handshakes) return;
    under.delete(oldest[0]);
    oldest[1].destroy();
  });
  server.on('secureConnection', (socket: TLSSocket) => under.delete(nameOf(socket)));
}

/** The two sockets of a connection, with and without TLS, have it in common. */
const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

const HTTP = {
  maxHeaderSize: LISTENING.headerBytes,
  headersTimeout: LISTENING.headersMs,
  requestTimeout: LISTENING.requestMs,
  keepAliveTimeout: LISTENING.idleMs,
  connectionsCheckingInterval: LISTENING.lookEveryMs,
};

const TLS = {
  requestCert: true,
  rejectUnauthorized: true,
  minVersion: 'TLSv1.3',
  handshakeTimeout: LISTENING.handshakeMs,
  // Each connection shows its own certificate and key: none is taken for who had one before.
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const;

function bounded<S extends Server>(server: S): S {
  server.maxConnections = LISTENING.connections;
  server.maxHeadersCount = LISTENING.headers;
  server.timeout = VAULT_MS + LISTENING.requestMs;
  // What is no HTTP is not answered: nothing of ours speaks so.
  server.on('clientError', (_error, socket) => socket.destroy());
  return server;
}

/** The name in the certificate; empty where there are several, or where it has ended since the connection was made. */
function callerOf(socket: TLSSocket): string {
  const { subject, valid_to: until } = socket.getPeerCertificate();
  const name: unknown = subject?.CN;
  return typeof name === 'string' && Date.parse(until) > Date.now() ? name : '';
}

class Handler {
  readonly #parts: ServerParts;
  readonly #refused: Audit;
  #inHand = 0;

  constructor(parts: ServerParts, refused: Audit) {
    this.#parts = parts;
    this.#refused = refused;
  }

  async take(caller: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    this.#inHand++;
    try {
      const { route, body } = await this.#admit(caller, request);
      const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(VAULT_MS)]);
      answer(response, await route.run(this.#parts, { caller, body, signal }));
    } catch (error) {
      refuse(response, error);
    } finally {
      this.#inHand--;
      request.resume();
    }
  }

  /** Notes what is not let in. What is let in notes itself how it ended. */
  async #admit(caller: string, request: IncomingMessage): Promise<{ route: Route; body: unknown }> {
    const route = routeOf(request.method ?? '', request.url ?? '');
    try {
      if (!route) throw new Refusal(404, 'malformed', 'There is nothing at this address.');
      return { route, body: await this.#read(caller, request, route) };
    } catch (error) {
      const outcome = error instanceof Refusal ? error.code : 'failed';
      const about = { owner: '', purpose: '', operation: route?.operation ?? 'unknown' };
      this.#refused({ ...about, at: Date.now(), by: caller || 'unknown', outcome });
      throw error;
    }
  }

  /** Whether it may ask comes before anything of it is read. */
  async #read(caller: string, request: IncomingMessage, route: Route): Promise<unknown> {
    if (!mayAsk(caller, route.operation))
      throw new Refusal(403, 'not-allowed', `Who asks with this certificate may not ask for ${route.operation}.`);
    const { headers } = request;
    this.#parts.replays.take(caller, { id: headers[REQUEST_HEADERS.id], at: headers[REQUEST_HEADERS.at] });
    if (this.#inHand > LISTENING.inHand)
      throw new Refusal(503, 'busy', 'The vault has too many requests at once. Try again in a second.', 1);
    return route.read(await bodyOf(request, route.mostBytes));
  }
}

function refuse(response: ServerResponse, error: unknown): void {
  const { status, code, message: detail, retryAfter } = error instanceof Refusal ? error : failed(error);
  const body = { status, code, detail, ...(retryAfter !== undefined && { retryAfter }) };
  answer(response, { status, type: 'application/problem+json', body });
}

/** A fault of ours: where it was, without its words, as they may hold what somebody sent. */
function failed(error: unknown): Refusal {
  const { name = 'Error', stack = '' } = error instanceof Error ? error : {};
  const where = stack.split('\n').filter((line) => /^\s+at /.test(line));
  process.stderr.write(`${JSON.stringify({ level: 'error', msg: 'a request failed', name, where })}\n`);
  return new Refusal(500, 'failed', 'The vault failed. Try again; its log says where it was.');
}

async function bodyOf(request: IncomingMessage, most: number): Promise<unknown> {
  if (most === 0) return undefined;
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      length += part.length;
      if (length > most) throw new Refusal(413, 'malformed', 'The body is too large.');
      parts.push(part);
    }
  } catch (error) {
    // Who goes away in the middle is no fault of ours.
    throw error instanceof Refusal ? error : callerGone();
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    throw new Refusal(400, 'malformed', 'The body is no JSON.');
  }
}

function answer(response: ServerResponse, { status, type = 'application/json', body }: Answer): void {
  if (response.destroyed || response.headersSent) return;
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, {
    ...(text && { 'content-type': type, 'content-length': Buffer.byteLength(text) }),
    'cache-control': 'no-store',
  });
  response.end(text);
  // One that does not read what it asked for is let go.
  const cut = setTimeout(() => response.req.socket.destroy(), LISTENING.readMs);
  response.once('close', () => clearTimeout(cut));
}
