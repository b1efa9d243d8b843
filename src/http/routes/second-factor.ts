import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { beginFactor, confirmFactorBy, endFactor, renewCodes } from '#auth/second-factor.ts';
import { seeSignIn } from '#auth/see-sign-in.ts';
import { toRfc3339 } from '#core/clock.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { Nothing } from '#http/shapes.ts';
import { SecondCode } from './sessions.ts';

/** One's own second factor, and all that one signs in by. */
export function secondFactorRoutes(app: App, hall: Hall, callers: Callers): void {
  const tags = ['people'];
  const { auth } = hall;

  async function asked(request: FastifyRequest, { password, code }: z.infer<typeof Proof>) {
    return { session: await callers.need(request), password, code, address: request.ip };
  }

  app.get('/v1/me/sign-in', { schema: { tags, response: { 200: SignInFacts } } }, async (request) => {
    const { account } = await callers.need(request);
    const { email, secondFactor, ...facts } = await seeSignIn(auth, account);
    return {
      ...facts,
      email: email && { address: email.email, verifiedAt: toRfc3339(email.verifiedAt) },
      secondFactor: secondFactor && { ...secondFactor, since: toRfc3339(secondFactor.since) },
    };
  });

  app.post(
    '/v1/me/second-factor',
    { schema: { tags, body: Proof, response: { 200: Begun } } },
    async (request, reply) => {
      const begun = await beginFactor(auth, await asked(request, request.body));
      return reply.header('cache-control', 'no-store').send(begun);
    },
  );

  app.post(
    '/v1/me/second-factor/confirm',
    { schema: { tags, body: z.strictObject({ code: SecondCode }), response: { 200: Codes } } },
    async (request, reply) => {
      const { account } = await callers.need(request);
      const { code } = request.body;
      const recoveryCodes = await confirmFactorBy(auth, { account, code, address: request.ip });
      return reply.header('cache-control', 'no-store').send({ recoveryCodes });
    },
  );

  app.post(
    '/v1/me/second-factor/recovery-codes',
    { schema: { tags, body: Proof, response: { 200: Codes } } },
    async (request, reply) => {
      const recoveryCodes = await renewCodes(auth, await asked(request, request.body));
      return reply.header('cache-control', 'no-store').send({ recoveryCodes });
    },
  );

  app.delete(
    '/v1/me/second-factor',
    { schema: { tags, body: Proof, response: { 204: Nothing } } },
    async (request, reply) => {
      await endFactor(auth, await asked(request, request.body));
      return reply.code(204).send(null);
    },
  );
}

const Proof = z.strictObject({
  password: z.string().max(5_000).optional(),
  code: SecondCode.optional(),
});
const Begun = z.object({ key: z.string().describe('base 32, shown once'), uri: z.string() });
const Codes = z.object({ recoveryCodes: z.array(z.string()).describe('shown once, each good once') });
const SignInFacts = z.object({
  password: z.boolean(),
  oidc: z.string().nullable().describe('the service that one may sign in by'),
  email: z.object({ address: z.string(), verifiedAt: z.iso.datetime() }).nullable(),
  pendingEmail: z.string().nullable().describe('an address that waits for its link to be opened'),
  secondFactor: z.object({ since: z.iso.datetime(), recoveryCodes: z.number().describe('left') }).nullable(),
});
