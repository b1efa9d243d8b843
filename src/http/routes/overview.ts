import { z } from 'zod';
import { enterCommunity } from '#chat/chat.ts';
import { whyNot } from '#core/permission.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { IdParams, Nothing } from '#http/shapes.ts';

/** How a community is, for its members; what its commands left undone, for those who see to it. */
export function overviewRoutes(app: App, hall: Hall, callers: Callers): void {
  const tags = ['communities'];

  app.get(
    '/v1/communities/:id/overview',
    { schema: { tags, params: IdParams, response: { 200: Overview } } },
    async (request) => {
      const { id } = request.params;
      const session = await callers.need(request);
      const role = await enterCommunity(hall.chat, session, id, 'overview.read');
      const activity = await hall.overview.activity(id);
      const hidden = whyNot({ account: session.account, role }, 'work.read');
      return { activity, ...(!hidden && { work: await hall.overview.work(id) }) };
    },
  );

  app.post(
    '/v1/communities/:id/failed-jobs/:job/retry',
    { schema: { tags, params: JobParams, response: { 204: Nothing } } },
    async (request, reply) => {
      const { id, job } = request.params;
      const session = await callers.need(request);
      await enterCommunity(hall.chat, session, id, 'work.change');
      await hall.overview.retry({ community: id, by: session.account, job });
      return reply.code(204).send(null);
    },
  );

  app.delete(
    '/v1/communities/:id/failed-jobs/:job',
    { schema: { tags, params: JobParams, response: { 204: Nothing } } },
    async (request, reply) => {
      const { id, job } = request.params;
      const session = await callers.need(request);
      await enterCommunity(hall.chat, session, id, 'work.change');
      await hall.overview.drop({ community: id, by: session.account, job });
      return reply.code(204).send(null);
    },
  );
}

const JobParams = z.object({ id: z.string().max(100), job: z.string().max(100) });
const Timed = z.object({ at: z.string(), figure: z.number() });
const Work = z.object({
  waiting: z.number(),
  waited: z.array(Timed),
  answers: z.array(z.object({ at: z.string(), figure: z.number().nullable() })),
  failed: z.array(
    z.object({
      id: z.string(),
      job: z.string(),
      asked: z.string(),
      by: z.string(),
      platform: z.string(),
      reason: z.string().nullable(),
      attempts: z.number(),
      failedAt: z.string().nullable(),
    }),
  ),
});
const Overview = z.object({ activity: z.array(Timed), work: Work.optional() });
