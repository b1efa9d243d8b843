import { z } from 'zod';
import { acceptInvite, endInvite, lookAtInvite, makeInvite, seeInvites } from '#auth/invites.ts';
import { toRfc3339 } from '#core/clock.ts';
import { LIMITS } from '#core/limits.ts';
import { ROLES } from '#core/roles.ts';
import type { Invite as KeptInvite } from '#auth/invites.ts';
import type { App } from '#http/app.ts';
import { readAsStranger, type Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { Community, IdParams, Invite, Nothing } from '#http/shapes.ts';
import { publicUrlOf } from '#http/public-url.ts';

/** Ways in for new people. */
export function inviteRoutes(app: App, hall: Hall, callers: Callers): void {
  const tags = ['invites'];

  app.get(
    '/v1/invites/:code',
    {
      schema: {
        tags,
        params: z.object({ code: z.string().max(100) }),
        response: { 200: z.object({ invite: Looked }) },
      },
    },
    async (request) => {
      await readAsStranger(hall, request);
      const { role, communityName, expiresAt } = await lookAtInvite(hall.auth, request.params.code);
      return {
        invite: { role, community: communityName, expiresAt: expiresAt === null ? null : toRfc3339(expiresAt) },
      };
    },
  );

  app.post(
    '/v1/invites/:code/accept',
    {
      schema: {
        tags,
        params: z.object({ code: z.string().max(100) }),
        response: { 200: z.object({ community: Community }) },
      },
    },
    async (request) => {
      const session = await callers.need(request);
      return { community: await acceptInvite(hall.auth, session.account, request.params.code) };
    },
  );

  communityInvites(app, hall, callers);
  firstInvites(app, hall, callers);
}

/** Of a community: what moderators make for it. */
function communityInvites(app: App, hall: Hall, callers: Callers): void {
  const tags = ['invites'];

  app.get(
    '/v1/communities/:id/invites',
    { schema: { tags, params: IdParams, querystring: Page, response: { 200: Invites } } },
    async (request) => {
      const session = await callers.need(request);
      const { after, limit } = request.query;
      const page = { community: request.params.id, limit, ...(after !== undefined && { after }) };
      const { invites, next } = await seeInvites(hall.auth, session.account, page);
      const address = publicUrlOf(request, hall.settings);
      const shown = invites.map((invite) => shape(invite, invite.by, address));
      return { invites: shown, ...(next !== undefined && { next }) };
    },
  );

  app.post(
    '/v1/communities/:id/invites',
    { schema: { tags, params: IdParams, body: NewInvite, response: { 201: z.object({ invite: Invite }) } } },
    async (request, reply) => {
      const session = await callers.need(request);
      const { uses, days, role } = request.body;
      const asked = { uses, days, community: request.params.id, ...(role !== undefined && { role }) };
      const invite = await makeInvite(hall.auth, session.account, asked);
      return reply.code(201).send({ invite: shape(invite, session.name, publicUrlOf(request, hall.settings)) });
    },
  );

  app.delete(
    '/v1/communities/:id/invites/:invite',
    { schema: { tags, params: OneParams, response: { 204: Nothing } } },
    async (request, reply) => {
      const { id: community, invite } = request.params;
      await endInvite(hall.auth, (await callers.need(request)).account, invite, community);
      return reply.code(204).send(null);
    },
  );
}

/** Of the instance's first community, as before there were others. */
function firstInvites(app: App, hall: Hall, callers: Callers): void {
  const tags = ['invites'];

  app.get('/v1/invites', { schema: { tags, response: { 200: Invites } } }, async (request) => {
    const session = await callers.need(request);
    const address = publicUrlOf(request, hall.settings);
    const { invites } = await seeInvites(hall.auth, session.account, { limit: LIMITS.historyPage });
    return { invites: invites.map((invite) => shape(invite, invite.by, address)) };
  });

  app.post(
    '/v1/invites',
    {
      schema: {
        tags,
        body: NewInvite.omit({ role: true }).strict(),
        response: { 201: z.object({ invite: Invite }) },
      },
    },
    async (request, reply) => {
      const session = await callers.need(request);
      const { uses, days } = request.body;
      const invite = await makeInvite(hall.auth, session.account, { uses, days });
      return reply.code(201).send({ invite: shape(invite, session.name, publicUrlOf(request, hall.settings)) });
    },
  );

  app.delete(
    '/v1/invites/:id',
    { schema: { tags, params: IdParams, response: { 204: Nothing } } },
    async (request, reply) => {
      await endInvite(hall.auth, (await callers.need(request)).account, request.params.id);
      return reply.code(204).send(null);
    },
  );
}

const Looked = z.object({ role: z.enum(ROLES), community: z.string(), expiresAt: z.iso.datetime().nullable() });
const NewInvite = z.strictObject({
  uses: z.int().min(1).max(LIMITS.inviteUses).default(1),
  days: z.int().min(1).max(LIMITS.inviteDays).default(7),
  role: z.enum(['guest', 'member', 'moderator']).optional(),
});
const Invites = z.object({ invites: z.array(Invite), next: z.string().optional() });
const Page = z.strictObject({
  after: z.string().max(100).optional(),
  limit: z.coerce.number().int().min(1).max(LIMITS.historyPage).default(LIMITS.historyDefault),
});
const OneParams = IdParams.extend({ invite: z.string().max(100) });

function shape(invite: KeptInvite, by: string | null, address: string): z.infer<typeof Invite> {
  const { id, role, uses, used, createdAt, expiresAt } = invite;
  const code = invite.code ?? '';
  const times = { expiresAt: expiresAt === null ? null : toRfc3339(expiresAt), createdAt: toRfc3339(createdAt) };
  return { id, code, url: `${address}/join/${code}`, role, uses, used, ...times, by };
}
