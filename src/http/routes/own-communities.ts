import { z } from 'zod';
import { memberships, nameCommunity } from '#auth/profile.ts';
import { endCommunity } from '#chat/end-community.ts';
import { makeCommunity } from '#chat/make-community.ts';
import { seePeople } from '#chat/read-room.ts';
import { LIMITS } from '#core/limits.ts';
import { needUse } from '#core/rate.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { Community, IdParams, Nothing, Person, line } from '#http/shapes.ts';

/** Communities themselves: one's own, and what is known of who is in them. */
export function ownCommunityRoutes(app: App, hall: Hall, callers: Callers): void {
  const tags = ['communities'];

  app.get(
    '/v1/communities',
    { schema: { tags, response: { 200: z.object({ communities: z.array(Community) }) } } },
    async (request) => {
      const session = await callers.need(request);
      return { communities: await memberships(hall.auth, session.account) };
    },
  );

  app.post(
    '/v1/communities',
    { schema: { tags, body: Named, response: { 201: Community } } },
    async (request, reply) => {
      const session = await callers.need(request);
      await needUse(hall.rates, `post ${session.account}`, hall.settings.limits.post);
      const wanted = { name: request.body.name, madeBy: hall.settings.communities };
      return reply.code(201).send(await makeCommunity(hall.chat, session, wanted));
    },
  );

  app.patch(
    '/v1/communities/:id',
    {
      schema: {
        tags,
        params: IdParams,
        body: Named,
        response: { 200: Community },
      },
    },
    async (request) => {
      const session = await callers.need(request);
      return nameCommunity(hall.auth, session.account, request.params.id, request.body.name);
    },
  );

  app.delete(
    '/v1/communities/:id',
    { schema: { tags, params: IdParams, body: Meant, response: { 204: Nothing } } },
    async (request, reply) => {
      const session = await callers.need(request);
      await needUse(hall.rates, `post ${session.account}`, hall.settings.limits.post);
      await endCommunity(hall.chat, session, request.params.id, request.body.name);
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/v1/communities/:id/people',
    {
      schema: {
        tags,
        params: IdParams,
        querystring: z.strictObject({ query: z.string().max(60).optional() }),
        response: { 200: z.object({ people: z.array(Person) }) },
      },
    },
    async (request) => {
      const session = await callers.need(request);
      return { people: await seePeople(hall.chat, session, request.params.id, request.query.query ?? '') };
    },
  );
}

const Named = z.strictObject({ name: line(LIMITS.communityName) });
const Meant = z.strictObject({ name: z.string().max(LIMITS.communityName).describe('as it is called now') });
