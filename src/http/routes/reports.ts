import { z } from 'zod';
import { approve, refuse, seeHeld } from '#chat/held.ts';
import { OUTCOMES, report, seeReports, settleReport, type ListedReport, type ReportedThere } from '#chat/report.ts';
import { toRfc3339 } from '#core/clock.ts';
import { LIMITS } from '#core/limits.ts';
import { needUse } from '#core/rate.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { HeldMessage, PageQuery, Report } from '#http/order-shapes.ts';
import { IdParams, Nothing, Reason } from '#http/shapes.ts';

/** Messages that members reported, and posts that wait for a moderator. */
export function reportRoutes(app: App, hall: Hall, callers: Callers): void {
  const tags = ['moderation'];

  app.post(
    '/v1/messages/:id/report',
    { schema: { tags, params: IdParams, body: z.strictObject({ reason: Reason.min(1) }), response: { 204: Nothing } } },
    async (request, reply) => {
      const session = await callers.need(request);
      await needUse(hall.rates, `report ${session.account}`, LIMITS.reports);
      await report(hall.chat, session, request.params.id, request.body.reason);
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/v1/communities/:id/reports',
    {
      schema: {
        tags,
        params: IdParams,
        querystring: PageQuery.extend({ state: z.enum(['open', 'settled']).default('open') }),
        response: { 200: z.object({ reports: z.array(Report) }) },
      },
    },
    async (request) => {
      const { state, ...page } = request.query;
      const asked = { ...page, open: state === 'open' };
      const reports = await seeReports(hall.chat, await callers.need(request), request.params.id, asked);
      return { reports: reports.map(reportShape) };
    },
  );

  app.post(
    '/v1/communities/:id/reports/:report/settle',
    { schema: { tags, params: ReportParams, body: Settling, response: { 204: Nothing } } },
    async (request, reply) => {
      const { id: community, report: one } = request.params;
      const session = await callers.need(request);
      const { outcome, reason = '' } = request.body;
      await settleReport(hall.chat, session, { community, id: one, outcome, reason });
      return reply.code(204).send(null);
    },
  );

  heldRoutes(app, hall, callers);
}

function heldRoutes(app: App, hall: Hall, callers: Callers): void {
  const tags = ['moderation'];

  app.get(
    '/v1/communities/:id/held',
    {
      schema: {
        tags,
        params: IdParams,
        querystring: PageQuery,
        response: { 200: z.object({ held: z.array(HeldMessage) }) },
      },
    },
    async (request) => {
      const held = await seeHeld(hall.chat, await callers.need(request), request.params.id, request.query);
      return {
        held: held.map(({ id, text, why, at, room, roomName, author, authorName }) => ({
          id,
          text,
          why,
          at: toRfc3339(at),
          room: { id: room, name: roomName },
          author: { id: author, name: authorName },
        })),
      };
    },
  );

  app.post(
    '/v1/communities/:id/held/:held/approve',
    { schema: { tags, params: HeldParams, response: { 204: Nothing } } },
    async (request, reply) => {
      const { id: community, held } = request.params;
      await approve(hall.chat, await callers.need(request), { community, id: held });
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/v1/communities/:id/held/:held/refuse',
    { schema: { tags, params: HeldParams, body: Refusing, response: { 204: Nothing } } },
    async (request, reply) => {
      const { id: community, held } = request.params;
      const { reason = '' } = request.body;
      await refuse(hall.chat, await callers.need(request), { community, id: held, reason });
      return reply.code(204).send(null);
    },
  );
}

const ReportParams = z.object({ id: z.string().max(100), report: z.string().max(100) });
const HeldParams = z.object({ id: z.string().max(100), held: z.string().max(100) });
const Settling = z.strictObject({ outcome: z.enum(OUTCOMES), reason: Reason.optional() });
const Refusing = z.strictObject({ reason: Reason.optional() });

function reportShape(one: ListedReport): z.infer<typeof Report> {
  const { id, message, room, roomName, author, authorName, text, reason, madeBy, byName } = one;
  return {
    id,
    message,
    room: { id: room, name: roomName },
    author: author === null ? null : { id: author, name: authorName ?? author },
    text,
    reason,
    by: { id: madeBy, name: byName ?? madeBy },
    madeAt: toRfc3339(one.madeAt),
    outcome: one.outcome,
    settledAt: one.settledAt === null ? null : toRfc3339(one.settledAt),
    ...(one.there && { there: thereShape(one.there) }),
  };
}

function thereShape({ platform, place, person, personName, said }: ReportedThere) {
  return { platform, place, name: personName, platformId: person, said };
}
