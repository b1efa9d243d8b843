import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type Instead, insteadOf, losesAnswer } from './faults.ts';
import type { Hub } from './hub.ts';
import { texts } from './texts.ts';

/** A call as a route sees it. `path` is without the query. */
export interface Asked {
  hub: Hub;
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Record<string, string>;
  /** The fields of a JSON body or a form; empty without one. */
  body: Record<string, unknown>;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** JSON, or a page where it is a string; nothing for none. */
  body?: unknown;
}

export type Route = (asked: Asked) => Answer;

/** Finds the route of a call, or none. */
export type Router = (method: string, path: string) => Route | undefined;

/** Serves one call: reads it, answers it as the platform or as a fault would, and notes it. */
export async function serveCall(
  hub: Hub,
  router: Router,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = await read(hub, request);
  const route = router(asked.method, asked.path);
  if (!route) hub.log.violation(texts.unknownCall(`${asked.method} ${asked.path}`));
  const instead = insteadOf(hub.faults, `${asked.method} ${asked.path}`);
  const answer = instead ? insteadAnswer(hub, asked.path, instead) : (route ?? unknownRoute)(asked);
  note(asked, answer.status);
  if (hub.faults.slowMs > 0) await pause(hub.faults.slowMs);
  if (losesAnswer(hub.faults)) request.socket.destroy();
  else reply(response, answer);
}

/** The platform's own form of an error; the sign-in server leaves out the name of the status. */
export function failure(path: string, status: number, message: string, headers?: Record<string, string>): Answer {
  const names = isSignIn(path) ? {} : { error: NAMES[status] ?? 'Error' };
  return { status, body: { ...names, status, message }, ...(headers ? { headers } : {}) };
}

/** Two addresses lead to each server: Twitch's own, and those of its local mock, which its libraries know too. */
const isSignIn = (path: string): boolean => /^\/(oauth2|auth)(\/|$)/.test(path);

const NAMES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};

const unknownRoute: Route = ({ path }) => failure(path, 404, isSignIn(path) ? 'not found' : '');

function insteadAnswer({ clock }: Hub, path: string, { status, retryAfter = 1 }: Instead): Answer {
  const reset = Math.ceil(clock() / 1_000 + retryAfter);
  const limit = { 'ratelimit-limit': '800', 'ratelimit-remaining': '0', 'ratelimit-reset': String(reset) };
  return failure(path, status, status === 429 ? 'Too Many Requests' : '', status === 429 ? limit : {});
}

function note({ hub, method, path, body, query }: Asked, status: number): void {
  hub.log.call({ method, path, body: { ...Object.fromEntries(query), ...body }, status });
}

function reply(response: ServerResponse, { status, headers, body }: Answer): void {
  const page = typeof body === 'string';
  const type = page ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8';
  response.writeHead(status, { ...(body === undefined ? {} : { 'content-type': type }), ...headers });
  if (body === undefined) response.end();
  else response.end(page ? body : JSON.stringify(body));
}

async function read(hub: Hub, request: IncomingMessage): Promise<Asked> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const method = request.method ?? 'GET';
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const asked = { hub, method, path: url.pathname, query: url.searchParams, headers };
  const text = await bodyOf(request);
  const body = fieldsOf(text, headers['content-type'] ?? '');
  if (!body) hub.log.violation(texts.badBody(`${method} ${url.pathname}`));
  return { ...asked, body: body ?? {} };
}

const LONGEST_BODY = 256 * 1024;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= LONGEST_BODY) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function fieldsOf(text: string, type: string): Record<string, unknown> | undefined {
  if (text === '') return {};
  if (/^application\/x-www-form-urlencoded/i.test(type)) return Object.fromEntries(new URLSearchParams(text));
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}
