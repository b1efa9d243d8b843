import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { noSession, refused, type AppError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { whyNotOperator } from '#core/permission.ts';
import { needUse } from '#core/rate.ts';
import { network } from '#auth/login-throttle.ts';
import { checkSession, type Session } from '#auth/sessions.ts';
import type { Hall } from './hall.ts';
import { whyNotRoute } from './route-scopes.ts';

/** Finds out who calls, and refuses callers from pages that are not ours. */
export interface Callers {
  /** The caller's session, or 401; 403 for a token that was not made for this route. Counts against READ_LIMIT. */
  need(request: FastifyRequest): Promise<Session>;
  /** The same, and 403 for whoever is not the operator. */
  needOperator(request: FastifyRequest): Promise<Session>;
  cookieName: string;
  /** `shared`: the cookie goes with the browser. */
  setCookie(reply: FastifyReply, token: string, shared: boolean): void;
  clearCookie(reply: FastifyReply): void;
  /** For the live upgrade: 403 for a foreign page, 401 without a session. */
  needLive(request: FastifyRequest): Promise<Session>;
}

const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

export function callers(app: FastifyInstance, hall: Hall): Callers {
  const { settings } = hall;
  const cookieName = settings.https ? '__Host-guildhall' : 'guildhall';
  const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure: settings.https } as const;

  app.addHook('onRequest', async (request) => {
    if (!UNSAFE.has(request.method) || request.headers.authorization !== undefined) return;
    checkOrigin(request, settings, request.cookies[cookieName] !== undefined);
  });

  async function sessionOf(request: FastifyRequest): Promise<Session> {
    const token = tokenOf(request, cookieName);
    const session = token === undefined ? undefined : await checkSession(hall.auth, token);
    if (!session) throw noSession();
    const refusal = whyNotRoute(session, request);
    if (refusal) throw refusal;
    return session;
  }

  async function need(request: FastifyRequest): Promise<Session> {
    const session = await sessionOf(request);
    await needUse(hall.rates, `read ${session.account}`, settings.limits.read);
    return session;
  }

  return {
    cookieName,
    need,
    async needOperator(request) {
      const session = await need(request);
      const refusal = whyNotOperator(session.operator);
      if (refusal) throw refusal;
      return session;
    },
    setCookie: (reply, token, shared) =>
      void reply.setCookie(
        cookieName,
        token,
        shared ? cookie : { ...cookie, maxAge: LIMITS.sessionAbsoluteDays * 86_400 },
      ),
    clearCookie: (reply) => void reply.clearCookie(cookieName, cookie),
    async needLive(request) {
      checkUpgradeOrigin(request, settings);
      return sessionOf(request);
    },
  };
}

/** Counts an anonymous caller's request by address. */
export function readAsStranger(hall: Hall, request: FastifyRequest): Promise<void> {
  return needUse(hall.rates, `read ${network(request.ip)}`, hall.settings.limits.read);
}

function tokenOf(request: FastifyRequest, cookieName: string): string | undefined {
  const { authorization } = request.headers;
  // With the header given, the cookie does not count: a program's token never mixes with a browser's session.
  if (authorization === undefined) return request.cookies[cookieName];
  return /^Bearer ([\w-]{20,200})$/i.exec(authorization)?.[1];
}

/** Unsafe requests must come from our own pages; with the cookie they must say so. */
function checkOrigin(request: FastifyRequest, settings: Hall['settings'], withCookie: boolean): void {
  const { origin } = request.headers;
  if (origin !== undefined) {
    if (!isOurs(origin, request, settings)) throw foreignOrigin();
    return;
  }
  const site = request.headers['sec-fetch-site'];
  if (withCookie && site !== 'same-origin' && site !== 'none') throw foreignOrigin();
}

function checkUpgradeOrigin(request: FastifyRequest, settings: Hall['settings']): void {
  const { origin, authorization } = request.headers;
  if (origin === undefined && authorization !== undefined) return;
  if (origin !== undefined && isOurs(origin, request, settings)) return;
  if (origin !== undefined && authorization !== undefined && settings.corsOrigins.includes(origin)) return;
  if (origin === undefined && request.cookies && Object.keys(request.cookies).length === 0) throw noSession();
  throw foreignOrigin();
}

export function isOurs(origin: string, request: FastifyRequest, settings: Hall['settings']): boolean {
  if (settings.publicUrl !== undefined && new URL(settings.publicUrl).origin === origin) return true;
  if (settings.publicUrl !== undefined && !settings.loopback) return false;
  if (!URL.canParse(origin)) return false;
  const { host, hostname } = new URL(origin);
  // A name that somebody points at 127.0.0.1 is not ours: on loopback only loopback's own names count.
  if (settings.loopback && !['127.0.0.1', 'localhost', '[::1]'].includes(hostname)) return false;
  return host === request.headers.host;
}

function foreignOrigin(): AppError {
  return refused(
    'foreign-origin',
    'This request came from another site’s page.',
    'Origin: only our own pages; the operator can set PUBLIC_URL',
  );
}
