import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { beginProof, endProof } from '#auth/link-by-proof.ts';
import type { Prover } from '#auth/proof.ts';
import { AppError, unknown } from '#core/errors.ts';
import type { App } from '#http/app.ts';
import { attemptOf, clearAttempt, setAttempt } from '#http/attempt-cookie.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { needOwnPage } from '#http/own-page.ts';
import { publicUrlOf } from '#http/public-url.ts';
import { Nothing } from '#http/shapes.ts';

/** Linking a name on a platform by asking the platform. A browser comes here by links, so the page says how it went. */
export function proofRoutes(app: App, hall: Hall, callers: Callers): void {
  const { auth, settings } = hall;

  app.get(
    '/v1/me/identities/:platform/link',
    { schema: { tags, params: Which, response: { 303: Nothing } } },
    async (request, reply) => {
      needOwnPage(request);
      const { account, id: session } = await callers.need(request);
      const { platform } = request.params;
      const asked = { redirect: redirectOf(request, hall, platform), by: { account, session } };
      const { address, sealed } = await beginProof(auth, needProver(hall, platform), asked);
      setAttempt(reply, sealed, settings);
      return reply.header('cache-control', 'no-store').redirect(address, 303);
    },
  );

  app.get(
    '/v1/me/identities/:platform/callback',
    { schema: { tags, params: Which, querystring: Back, response: { 303: Nothing } } },
    async (request, reply) => {
      const { account, id: session } = await callers.need(request);
      const { platform } = request.params;
      const prover = needProver(hall, platform);
      clearAttempt(reply, settings);
      reply.header('cache-control', 'no-store');
      const redirect = redirectOf(request, hall, platform);
      const back = { sealed: attemptOf(request, settings), redirect, query: request.query, by: { account, session } };
      const told = await endProof(auth, prover, back).then(
        () => `linked=${platform}`,
        (error: unknown) => `problem=${codeOf(error, request)}`,
      );
      return reply.redirect(`/me?${told}`, 303);
    },
  );
}

const tags = ['people'];
const Which = z.object({ platform: z.enum(['discord', 'slack', 'twitch']) });
const part = z.string().max(2_000).optional();
const Back = z.looseObject({ code: part, state: part, error: part });

/** 404 where the operator set up no such way. */
function needProver({ linking }: Hall, platform: string): Prover {
  const prover = linking.prover(platform);
  if (!prover) throw unknown('platform');
  return prover;
}

/** The address that is registered at the platform. */
function redirectOf(request: FastifyRequest, { settings }: Hall, platform: string): string {
  return `${publicUrlOf(request, settings)}/v1/me/identities/${platform}/callback`;
}

function codeOf(error: unknown, request: FastifyRequest): string {
  if (!(error instanceof AppError)) throw error;
  const { code, cause } = error;
  if (cause instanceof Error) request.log.warn({ code, why: cause.message }, 'an identity was not proved');
  return code;
}
