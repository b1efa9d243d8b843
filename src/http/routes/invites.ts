import { z } from 'zod';
import { endInvite, lookAtInvite, makeInvite, seeInvites } from '#auth/invites.ts';
import { toRfc3339 } from '#core/clock.ts';
import { LIMITS } from '#core/limits.ts';
import { ROLES } from '#core/roles.ts';
import type { Invite as KeptInvite } from '#auth/invites.ts';
import type { App } from '#http/app.ts';
import { readAsStranger, type Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { IdParams, Invite, Nothing } from '#http/shapes.ts';
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

  app.get(
    '/v1/invites',
    { schema: { tags, response: { 200: z.object({ invites: z.array(Invite) }) } } },
    async (request) => {
      const session = await callers.need(request);
      const address = publicUrlOf(request, hall.settings);
      const invites = await seeInvites(hall.auth, session.account);
      return { invites: invites.map((invite) => shape(invite, invite.by, address)) };
    },
  );

  app.post(
    '/v1/invites',
    { schema: { tags, body: NewInvite, response: { 201: z.object({ invite: Invite }) } } },
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
});

function shape(invite: KeptInvite, by: string | null, address: string): z.infer<typeof Invite> {
  const { id, role, uses, used, createdAt, expiresAt } = invite;
  const code = invite.code ?? '';
  const times = { expiresAt: expiresAt === null ? null : toRfc3339(expiresAt), createdAt: toRfc3339(createdAt) };
  return { id, code, url: `${address}/join/${code}`, role, uses, used, ...times, by };
}
