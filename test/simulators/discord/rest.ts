import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Call } from '#test/simulators/shared/simulator.ts';
import { keep, type Platform, violate } from './platform.ts';
import { Problem, problems } from './problems.ts';
import { type Counted, createRateLimits, type RateLimits } from './rate-limits.ts';
import { type Carried, readRequest } from './requests.ts';
import { type Found, findRoute, isPath, limitOf, type Reply } from './routes.ts';
import { texts } from './texts.ts';
import { isToken } from './tokens.ts';

/** Answers a call of the REST API: https://discord.com/developers/docs/reference */
export type Rest = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function createRest(platform: Platform): Rest {
  const limits = createRateLimits();
  return async (request, response) => {
    const arrival = arrivalOf(request);
    const call: Call = { at: Date.now(), method: arrival.method, path: arrival.url, body: undefined, status: 0 };
    keep(platform.calls, call);
    const reply = await answer(platform, limits, { ...arrival, call, request });
    call.status = reply.status;
    if (platform.faults.slowMs > 0) await pause(platform.faults.slowMs);
    if (isLost(platform, call)) return void response.destroy();
    send(response, reply);
  };
}

interface Full extends Reply {
  headers?: Record<string, string>;
}

interface Arrival {
  at: number;
  method: string;
  /** Without `/api/v10`, with the query. */
  url: string;
  path: string;
  query: URLSearchParams;
  version: string | undefined;
  authorization: string | undefined;
  /** https://discord.com/developers/docs/resources/audit-log: percent-encoded. */
  reason: string | undefined;
}

interface Coming extends Arrival {
  call: Call;
  request: IncomingMessage;
}

function arrivalOf({ method = 'GET', url = '/', headers }: IncomingMessage): Arrival {
  const { pathname, search, searchParams } = new URL(url, 'http://127.0.0.1');
  const [, version, path = ''] = /^\/api(?:\/v(\d+))?(\/.*)?$/.exec(pathname) ?? [];
  const { authorization, 'x-audit-log-reason': why } = headers;
  const reason = typeof why === 'string' ? decodeURIComponent(why) : undefined;
  return { at: Date.now(), method, url: path + search, path, query: searchParams, version, authorization, reason };
}

/** In Discord's order: the token, the route, the rate limits, and only then what is asked for. */
async function answer(platform: Platform, limits: RateLimits, coming: Coming): Promise<Full> {
  try {
    const carried = await readRequest(coming.request);
    coming.call.body = shown(carried);
    const route = findRoute(coming.method, coming.path);
    const fault = faultFor(platform, limits, { coming, bucket: route?.bucket ?? '' });
    if (fault) return fault;
    if (coming.version !== '10') throw wrongVersion(platform, coming);
    if (!route) throw unknown(platform, coming);
    if (!route.route.open && !isBot(platform, coming.authorization)) throw problems.unauthorized();
    return limited(platform, limits, { coming, route, carried });
  } catch (error) {
    if (error instanceof Problem) return { status: error.status, body: error.body };
    throw error;
  }
}

/** Files are noted by name and size: their bytes stay where they are. */
function shown({ body, uploads }: Carried): unknown {
  if (uploads.length === 0) return body;
  return { ...Object(body), files: uploads.map(({ name, type, bytes }) => ({ name, type, bytes: bytes.length })) };
}

const isBot = (platform: Platform, authorization: string | undefined): boolean =>
  isToken(platform, /^Bot (.+)$/.exec(authorization ?? '')?.[1]);

function wrongVersion(platform: Platform, { url }: Coming): Problem {
  violate(platform, texts.badVersion(url));
  return problems.badVersion();
}

function unknown(platform: Platform, { method, path }: Coming): Problem {
  violate(platform, texts.unknownCall(method, path));
  return isPath(path) ? problems.wrongMethod() : problems.unknownRoute();
}

interface Ready {
  coming: Coming;
  route: Found;
  carried: Carried;
}

function limited(platform: Platform, limits: RateLimits, { coming, route, carried }: Ready): Full {
  const whole = route.route.open ? undefined : limits.count('global', platform.settings.globalLimit, coming.at);
  if (whole) note(platform, coming, whole);
  if (whole?.retryAfterMs !== undefined) return tooMany(whole.retryAfterMs, { global: true, headers: {} });
  const own = limits.count(route.bucket, limitOf(platform, route.route), coming.at);
  note(platform, coming, own);
  const { headers, retryAfterMs } = own;
  if (retryAfterMs !== undefined) return tooMany(retryAfterMs, { global: false, headers });
  return { ...carriedOut(platform, { coming, route, carried }), headers };
}

function carriedOut(platform: Platform, { coming, route, carried }: Ready): Reply {
  try {
    const { path, query, reason } = coming;
    return route.route.answer({ platform, path, query, reason, params: route.params, ...carried });
  } catch (error) {
    if (error instanceof Problem) return { status: error.status, body: error.body };
    throw error;
  }
}

function note(platform: Platform, { method, url }: Coming, { tooEarlyMs }: Counted): void {
  if (tooEarlyMs !== undefined) violate(platform, texts.tooEarly(method, url, tooEarlyMs));
}

/** https://discord.com/developers/docs/topics/rate-limits: the header in whole seconds, the body more exactly. */
function tooMany(waitMs: number, told: { global: boolean; headers: Record<string, string> }): Full {
  const headers = {
    ...told.headers,
    'retry-after': String(Math.ceil(waitMs / 1_000)),
    'x-ratelimit-scope': told.global ? 'global' : 'user',
    ...(told.global ? { 'x-ratelimit-global': 'true' } : {}),
  };
  const body = { message: 'You are being rate limited.', retry_after: waitMs / 1_000, global: told.global };
  return { status: 429, body, headers };
}

/** An answer that a fault gives in the place of the real one. */
function faultFor(
  platform: Platform,
  limits: RateLimits,
  { coming, bucket }: { coming: Coming; bucket: string },
): Full | undefined {
  const name = `${coming.method} ${coming.path}`;
  const set = platform.faults.answers.find((one) => one.left > 0 && name.includes(one.match ?? ''));
  const status = set?.status ?? byChance(platform);
  if (set) set.left -= 1;
  if (status === undefined) return undefined;
  if (status === 401) return { status, body: problems.unauthorized().body };
  if (status !== 429) return { status, body: { message: `${status}: ${STATUS_CODES[status]}`, code: 0 } };
  const waitMs = (set?.retryAfter ?? 1) * 1_000;
  return tooMany(waitMs, { global: false, headers: limits.tell(bucket, waitMs) });
}

function byChance({ faults: { random } }: Platform): number | undefined {
  if (!random) return undefined;
  const drawn = random.chance();
  if (drawn < random.rate.limited) return 429;
  return drawn < random.rate.limited + random.rate.broken ? 502 : undefined;
}

function isLost({ faults: { lose } }: Platform, { method, path }: Call): boolean {
  if (lose.left <= 0 || !`${method} ${path}`.includes(lose.match ?? '')) return false;
  lose.left -= 1;
  return true;
}

function send(response: ServerResponse, { status, body, headers = {} }: Full): void {
  if (body === undefined) return void response.writeHead(status, headers).end();
  response.writeHead(status, { ...headers, 'content-type': 'application/json' }).end(JSON.stringify(body));
}
