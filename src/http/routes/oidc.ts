import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { beginOidc, endOidc, type OidcAsked } from '#auth/oidc-sign-in.ts';
import { AppError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { App } from '#http/app.ts';
import { attemptOf, clearAttempt, setAttempt } from '#http/attempt-cookie.ts';
import { readAsStranger, type Callers } from '#http/callers.ts';
import { describeDevice } from '#http/device.ts';
import type { Hall } from '#http/hall.ts';
import { needOwnPage } from '#http/own-page.ts';
import { publicUrlOf } from '#http/public-url.ts';
import { Nothing } from '#http/shapes.ts';

const CALLBACK = '/v1/signin/oidc/callback';

/** Signing in by another service, and linking it. A browser comes here by links, so what goes wrong is told by a page. */
export function oidcRoutes(app: App, hall: Hall, callers: Callers): void {
  const tags = ['sessions'];
  const { auth, settings } = hall;

  async function send(request: FastifyRequest, reply: FastifyReply, asked: Omit<OidcAsked, 'redirectUri'>) {
    reply.header('cache-control', 'no-store');
    try {
      const { address, sealed } = await beginOidc(auth, { ...asked, redirectUri: callbackOf(request, hall).href });
      setAttempt(reply, sealed, settings);
      return reply.redirect(address, 303);
    } catch (error) {
      return reply.redirect(pageFor(error, request, asked.by !== undefined), 303);
    }
  }

  app.get(
    '/v1/signin/oidc',
    { schema: { tags, querystring: Wanted, response: { 303: Nothing } } },
    async (request, reply) => {
      await readAsStranger(hall, request);
      const { invite, next, shared } = request.query;
      const asked = { ...(invite !== undefined && { invite }), ...(next !== undefined && { next }) };
      return send(request, reply, { purpose: 'sign-in', shared: shared === '1', ...asked });
    },
  );

  app.get('/v1/me/identities/oidc/link', { schema: { tags, response: { 303: Nothing } } }, async (request, reply) => {
    needOwnPage(request);
    const { account, id: session } = await callers.need(request);
    return send(request, reply, { purpose: 'link', by: { account, session }, next: '/me' });
  });

  app.get(CALLBACK, { schema: { tags, response: { 303: Nothing } } }, async (request, reply) => {
    await readAsStranger(hall, request);
    const by = await whoIsHere(request, callers);
    clearAttempt(reply, settings);
    reply.header('cache-control', 'no-store');
    try {
      const device = describeDevice(request.headers['user-agent']);
      const sealed = attemptOf(request, settings);
      const end = await endOidc(auth, { url: callbackOf(request, hall), sealed, by, device, address: request.ip });
      if (end.is === 'signed-in') callers.setCookie(reply, end.token, end.shared);
      if (end.is === 'second-step') {
        setAttempt(reply, end.sealed, settings);
        return reply.redirect(`/signin?step=code&next=${encodeURIComponent(end.next)}`, 303);
      }
      return reply.redirect(end.next, 303);
    } catch (error) {
      return reply.redirect(pageFor(error, request, by !== undefined), 303);
    }
  });
}

const Wanted = z.strictObject({
  invite: z.string().max(100).optional(),
  next: z.string().max(LIMITS.attemptNext).optional(),
  shared: z.literal('1').optional().describe('a shared computer'),
});

/** The address that is registered there, with what came back in it. */
function callbackOf(request: FastifyRequest, { settings }: Hall): URL {
  const url = new URL(CALLBACK, publicUrlOf(request, settings));
  if (request.url.startsWith(CALLBACK)) url.search = request.url.slice(CALLBACK.length);
  return url;
}

async function whoIsHere(request: FastifyRequest, callers: Callers) {
  const session = await callers.need(request).catch(() => undefined);
  return session && { account: session.account, session: session.id };
}

/** The page that says what went wrong, by its code. What was done already by a browser that is in needs no words. */
function pageFor(error: unknown, request: FastifyRequest, isIn: boolean): string {
  if (!(error instanceof AppError)) throw error;
  const { code, cause } = error;
  if (cause instanceof Error) request.log.warn({ code, why: cause.message }, 'a sign-in was not proved');
  if (code === 'attempt-used' && isIn) return '/';
  return `${isIn ? '/me' : '/signin'}?problem=${code}`;
}
