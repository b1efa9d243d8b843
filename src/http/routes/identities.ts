import { z } from 'zod';
import { seeIdentities, unlinkIdentity } from '#auth/identities.ts';
import { codeForAccount, typedHere, type LinkParts } from '#auth/link-codes.ts';
import { toRfc3339 } from '#core/clock.ts';
import { needUse } from '#core/rate.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { Identity, LinkWay, Nothing } from '#http/shapes.ts';

/** A person's names on platforms: seen, linked by a code that is typed there or here, unlinked. */
export function identityRoutes(app: App, hall: Hall, callers: Callers): void {
  const { storage, clock, announce } = hall.auth;
  const parts: LinkParts = { storage, clock, announce, rates: hall.rates };

  app.get('/v1/me/identities', { schema: { tags, response: { 200: List } } }, async (request) => {
    const { account } = await callers.need(request);
    const identities = await seeIdentities(hall.auth, account);
    return { identities: identities.map(shape), platforms: hall.linking.ways() };
  });

  app.post(
    '/v1/me/identities/codes',
    { schema: { tags, body: CodeFor, response: { 201: Code } } },
    async (request, reply) => {
      const { account } = await callers.need(request);
      await needUse(hall.rates, `post ${account}`, hall.settings.limits.post);
      const { platform, name: login } = request.body ?? {};
      const wanted = { ...(platform !== undefined && { platform }), ...(login !== undefined && { login }) };
      const { code, expiresAt } = await codeForAccount(parts, account, wanted);
      const body = { code, expiresAt: toRfc3339(expiresAt) };
      return reply.code(201).header('cache-control', 'no-store').send(body);
    },
  );

  app.post(
    '/v1/me/identities',
    { schema: { tags, body: z.strictObject({ code: z.string().max(40) }), response: { 201: Identity } } },
    async (request, reply) => {
      const { account } = await callers.need(request);
      const { identity } = await typedHere(parts, account, request.body.code);
      return reply.code(201).send(shape(identity));
    },
  );

  app.delete(
    '/v1/me/identities/:platform/:platformId',
    { schema: { tags, params: Key, response: { 204: Nothing } } },
    async (request, reply) => {
      const { account } = await callers.need(request);
      await unlinkIdentity(hall.auth, { account, ...request.params });
      return reply.code(204).send(null);
    },
  );
}

const tags = ['people'];
const List = z.object({ identities: z.array(Identity), platforms: z.array(LinkWay) });
const Code = z.object({ code: z.string(), expiresAt: z.iso.datetime() });
const Key = z.object({ platform: z.string().max(300), platformId: z.string().max(300) });
const CodeFor = z
  .strictObject({
    platform: z
      .enum(['discord', 'slack', 'twitch'])
      .optional()
      .describe('where it may be typed; else on Discord and Slack'),
    name: z
      .string()
      .regex(/^@?[\w.-]{1,40}$/)
      .optional()
      .describe('who alone may type it there: the login, not the shown name. Needed for twitch, where all read it'),
  })
  .nullish();

function shape(one: Awaited<ReturnType<typeof seeIdentities>>[number]): z.infer<typeof Identity> {
  const { platform, platformId, name, proof, linkedAt } = one;
  return { platform, platformId, name, proof, linkedAt: toRfc3339(linkedAt) };
}
