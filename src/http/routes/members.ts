import { z } from 'zod';
import { changeRole, removeMember } from '#chat/change-member.ts';
import { seeMembers } from '#chat/see-members.ts';
import { LIMITS } from '#core/limits.ts';
import { needUse } from '#core/rate.ts';
import { ROLES } from '#core/roles.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { IdParams, MembersPage, Nothing } from '#http/shapes.ts';

/** Who is in a community, with which role. */
export function memberRoutes(app: App, hall: Hall, callers: Callers): void {
  const tags = ['communities'];

  app.get(
    '/v1/communities/:id/members',
    { schema: { tags, params: IdParams, querystring: Page, response: { 200: MembersPage } } },
    async (request) => {
      const session = await callers.need(request);
      const { query, role, after, limit } = request.query;
      const asked = { limit, ...(query && { query }), ...(role && { roles: role }), ...(after && { after }) };
      return seeMembers(hall.chat, session, request.params.id, asked);
    },
  );

  app.patch(
    '/v1/communities/:id/members/:account',
    { schema: { tags, params: MemberParams, body: Change, response: { 204: Nothing } } },
    async (request, reply) => {
      const session = await callers.need(request);
      await needUse(hall.rates, `post ${session.account}`, hall.settings.limits.post);
      await changeRole(hall.chat, session, { ...aboutOf(request.params, session), role: request.body.role });
      return reply.code(204).send(null);
    },
  );

  app.delete(
    '/v1/communities/:id/members/:account',
    { schema: { tags, params: MemberParams, response: { 204: Nothing } } },
    async (request, reply) => {
      const session = await callers.need(request);
      await needUse(hall.rates, `post ${session.account}`, hall.settings.limits.post);
      await removeMember(hall.chat, session, aboutOf(request.params, session));
      return reply.code(204).send(null);
    },
  );
}

function aboutOf({ id, account }: z.infer<typeof MemberParams>, session: { account: string }) {
  return { community: id, account: account === 'me' ? session.account : account };
}

const MemberParams = z.object({ id: z.string().max(100), account: z.string().max(100).describe('`me` for oneself') });
const Change = z.strictObject({ role: z.enum(ROLES) });
/** Several roles: `role=guest,member`. */
const Roles = z
  .string()
  .max(60)
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(ROLES)).max(ROLES.length));
const Page = z.strictObject({
  query: z.string().max(60).optional(),
  role: Roles.optional(),
  after: z.string().max(60).optional(),
  limit: z.coerce.number().int().min(1).max(LIMITS.membersPage).default(LIMITS.membersDefault),
});
