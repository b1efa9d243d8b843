import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { askForEmail, forgetEmail, verifyEmail } from '#auth/email.ts';
import type { MailParts } from '#auth/mailed-links.ts';
import { askForReset, resetByLink } from '#auth/password-reset.ts';
import { needUse } from '#core/rate.ts';
import { LIMITS } from '#core/limits.ts';
import { network } from '#auth/login-throttle.ts';
import type { App } from '#http/app.ts';
import { readAsStranger, type Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { linkBase } from '#http/public-url.ts';
import { Nothing } from '#http/shapes.ts';
import { SecondCode } from './sessions.ts';

/** A lost password, and the e-mail address that it is found again by. */
export function lostPasswordRoutes(app: App, hall: Hall, callers: Callers): void {
  const { auth, rates, mailer } = hall;
  const mail: MailParts = { storage: auth.storage, clock: auth.clock, rates, mailer };
  const response = { 204: Nothing };

  app.post('/v1/password-resets', { schema: { tags: ['sessions'], body: Who, response } }, async (request, reply) => {
    await readAsStranger(hall, request);
    const base = linkBase(request, hall.settings);
    await needUse(rates, `mails asked ${network(request.ip)}`, LIMITS.mailsAsked);
    // Whether there is such a person must not be told by the time that the answer takes: it does not wait.
    askForReset(mail, request.body, base).catch((err: unknown) => request.log.error({ err }, 'no link was mailed'));
    return reply.code(204).send(null);
  });

  app.post(
    '/v1/password-resets/:token',
    { schema: { tags: ['sessions'], params: Link, body: z.strictObject({ password }), response } },
    async (request, reply) => {
      await readAsStranger(hall, request);
      await resetByLink(auth, request.params.token, request.body.password);
      return reply.code(204).send(null);
    },
  );

  emailRoutes(app, hall, { callers, mail });
}

function emailRoutes(app: App, hall: Hall, { callers, mail }: { callers: Callers; mail: MailParts }): void {
  const response = { 204: Nothing };

  async function asked(request: FastifyRequest, { password, code }: z.infer<typeof Proof>) {
    return { session: await callers.need(request), password, code, address: request.ip };
  }

  app.put(
    '/v1/me/email',
    {
      schema: {
        tags: ['people'],
        body: Proof.extend({ email: z.string().max(300) }),
        response,
      },
    },
    async (request, reply) => {
      const who = await asked(request, request.body);
      const base = linkBase(request, hall.settings);
      await needUse(hall.rates, `mails asked ${who.session.account}`, LIMITS.mailsAsked);
      await askForEmail(hall.auth, mail, { ...who, email: request.body.email, base });
      return reply.code(204).send(null);
    },
  );

  app.delete('/v1/me/email', { schema: { tags: ['people'], body: Proof, response } }, async (request, reply) => {
    await forgetEmail(hall.auth, await asked(request, request.body));
    return reply.code(204).send(null);
  });

  app.post(
    '/v1/email-verifications/:token',
    { schema: { tags: ['people'], params: Link, response } },
    async (request, reply) => {
      await readAsStranger(hall, request);
      await verifyEmail(mail, request.params.token, linkBase(request, hall.settings));
      return reply.code(204).send(null);
    },
  );
}

const password = z.string().max(5_000);
const Proof = z.strictObject({ password: password.optional(), code: SecondCode.optional() });
const Link = z.object({ token: z.string().max(100) });
const Who = z.union([
  z.strictObject({ username: z.string().max(100) }),
  z.strictObject({ email: z.string().max(300) }),
]);
