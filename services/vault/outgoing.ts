import { lookup as systemLookup } from 'node:dns/promises';
import {
  Agent as PlainAgent,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request as plainRequest,
} from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { bareHost, mayConnect } from './addresses.ts';
import { CALL_LIMITS } from './call-limits.ts';
import { away, callerGone, inward, redirects, slow, tooLarge } from './call-refusals.ts';
import { Refusal } from './refusal.ts';
import { unpacked } from './unpacked.ts';

/** One request to a provider. Throws `Refusal`: `provider-away`, `-slow`, `-redirects`, `-too-large`, `failed`. */
export type Outgoing = (asked: Asked) => Promise<Answered>;

export interface Asked {
  url: URL;
  method: string;
  headers: Record<string, string>;
  body?: string;
  /** ms for all of it, to the last byte. */
  within: number;
  /** Bytes of the answer's body. */
  most: number;
  signal: AbortSignal;
}

export interface Answered {
  status: number;
  contentType: string;
  /** ms; undefined where the provider named none. */
  retryAfter: number | undefined;
  body: Buffer;
}

/** `resolve` and `may` are arguments for tests: what a name leads to, and which addresses are good. */
export interface OutgoingOptions {
  resolve?: (host: string) => Promise<{ address: string; family: number }[]>;
  may?: (host: string, address: string) => boolean;
}

/**
 * Connects to the very addresses that were checked, follows no redirect and uses no proxy. A connection is used again for
 * a while; it still leads where it was checked to lead.
 */
export function createOutgoing(options: OutgoingOptions = {}): Outgoing {
  const { resolve = (host) => systemLookup(host, { all: true }), may = mayConnect } = options;
  const lookup = checkedLookup(resolve, may);
  const pool = { keepAlive: true, maxSockets: CALL_LIMITS.atOnce, timeout: CALL_LIMITS.idle, lookup };
  const agents = { 'http:': new PlainAgent(pool), 'https:': new SecureAgent({ ...pool, ...TLS }) };
  return async (asked) => {
    const { hostname, protocol } = asked.url;
    const host = bareHost(hostname);
    if (isIP(host) !== 0 && !may(host, host)) throw inward();
    const agent = protocol === 'https:' ? agents['https:'] : agents['http:'];
    return send(asked, { agent, lookup, maxHeaderSize: CALL_LIMITS.answerHeaders, ...TLS });
  };
}

/** Said here, so that nothing in the environment can say otherwise. */
const TLS = { rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const;

/** One name that leads anywhere bad is not connected to at all. */
function checkedLookup(
  resolve: Required<OutgoingOptions>['resolve'],
  may: Required<OutgoingOptions>['may'],
): LookupFunction {
  const checked = async (host: string): Promise<{ address: string; family: number }[]> => {
    const found = await resolve(host);
    if (found.length === 0) throw away();
    if (found.some(({ address }) => !may(host, address))) throw inward();
    return found;
  };
  return (host, { all }, give) => {
    checked(host).then(
      (found) => (all ? give(null, found) : give(null, found[0]?.address ?? '', found[0]?.family)),
      (error) => give(error, ''),
    );
  };
}

/** `agent: false` is a connection of its own. */
async function send(asked: Asked, options: RequestOptions): Promise<Answered> {
  const until = performance.now() + asked.within;
  try {
    return await attempt(asked, options, until);
  } catch (error) {
    if (error instanceof StaleConnection) return attempt(asked, { ...options, agent: false }, until);
    throw error;
  }
}

/** A connection that was kept ended just when it was used again: nothing was answered, and reading may be asked twice. */
class StaleConnection extends Error {}

async function attempt(asked: Asked, options: RequestOptions, until: number): Promise<Answered> {
  if (asked.signal.aborted) throw callerGone();
  const send = asked.url.protocol === 'https:' ? secureRequest : plainRequest;
  const headers = { ...COMMON_HEADERS, ...asked.headers };
  const request = send(asked.url, { ...options, method: asked.method, headers });
  const limits = cutShort(request, asked.signal, until);
  try {
    const response = await answerTo(request, asked.body);
    limits.answered(response);
    return await take(response, asked.most);
  } catch (error) {
    if (!limits.hasAnswer() && isStale(error, request, asked.method)) throw new StaleConnection();
    throw limits.why() ?? explained(error);
  } finally {
    limits.end();
  }
}

/** Unpacked answers alone: `unpacked` bounds those that come packed all the same. */
const COMMON_HEADERS = { 'accept-encoding': 'identity', accept: 'application/json', 'user-agent': 'guildhall' };

/** Ends the request, wherever it is, when its time is over or who asked went away. */
function cutShort(request: ClientRequest, signal: AbortSignal, until: number): CutShort {
  let why: Refusal | undefined;
  let response: IncomingMessage | undefined;
  const cut = (reason: Refusal): void => {
    why ??= reason;
    (response ?? request).destroy(reason);
  };
  const gone = (): void => cut(callerGone());
  const timer = setTimeout(() => cut(slow()), Math.max(0, until - performance.now()));
  signal.addEventListener('abort', gone);
  return {
    why: () => why,
    hasAnswer: () => response !== undefined,
    answered: (answer) => void (response = answer),
    end() {
      clearTimeout(timer);
      signal.removeEventListener('abort', gone);
      if (!response?.complete) request.destroy();
    },
  };
}

interface CutShort {
  why(): Refusal | undefined;
  hasAnswer(): boolean;
  answered(response: IncomingMessage): void;
  end(): void;
}

function answerTo(request: ClientRequest, body: string | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
    request.once('close', () => reject(away()));
    request.end(body);
  });
}

async function take(response: IncomingMessage, most: number): Promise<Answered> {
  const { statusCode: status = 0, headers } = response;
  response.on('error', () => undefined);
  if (status < 200) throw away();
  if (status >= 300 && status < 400) throw redirects();
  if (Number(headers['content-length'] ?? 0) > most) throw tooLarge();
  const body = await gathered(unpacked(response), most);
  const contentType = (headers['content-type'] ?? '').slice(0, CALL_LIMITS.contentType);
  return { status, contentType, retryAfter: waitOf(headers['retry-after']), body };
}

async function gathered(chunks: AsyncIterable<Buffer>, most: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > most) throw tooLarge();
    parts.push(chunk);
  }
  return Buffer.concat(parts, length);
}

/** Seconds or a date: https://www.rfc-editor.org/rfc/rfc9110.html#section-10.2.3 */
function waitOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** What Node says of a connection names no secret, but people are told what it means for them. */
function explained(error: unknown): Error {
  if (error instanceof Refusal) return error;
  return codeOf(error) === 'HPE_HEADER_OVERFLOW' ? tooLarge() : away();
}

const isStale = (error: unknown, request: ClientRequest, method: string): boolean =>
  request.reusedSocket && method === 'GET' && codeOf(error) === 'ECONNRESET';

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;
