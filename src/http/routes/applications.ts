import { z } from 'zod';
import { enterCommunity } from '#chat/chat.ts';
import { toRfc3339 } from '#core/clock.ts';
import { needUse } from '#core/rate.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall, SpacePort } from '#http/hall.ts';
import { IdParams, Nothing } from '#http/shapes.ts';

/** A community's own applications on platforms. Their tokens go in and never come out. */
export function applicationRoutes(app: App, hall: Hall, callers: Callers): void {
  const path = '/v1/communities/:id/apps';

  app.get(path, { schema: { tags, params: IdParams, response: { 200: Applications } } }, async (request) => {
    const { id } = request.params;
    await enterCommunity(hall.chat, await callers.need(request), id, 'space.change');
    return { apps: (await hall.spaces.applications(id)).map(shape) };
  });

  app.post(
    path,
    { schema: { tags, params: IdParams, body: NewApplication, response: { 201: Application } } },
    async (request, reply) => {
      const { id: community } = request.params;
      const session = await callers.need(request);
      await enterCommunity(hall.chat, session, community, 'space.change');
      // Each asks Discord.
      await needUse(hall.rates, `post ${session.account}`, hall.settings.limits.post);
      const { token } = request.body;
      const added = await hall.spaces.addApplication({ community, by: session.account, token });
      return reply.code(201).send(shape(added));
    },
  );

  app.delete(
    `${path}/:app`,
    { schema: { tags, params: AppParams, response: { 204: Nothing } } },
    async (request, reply) => {
      const { id: community, app: id } = request.params;
      const session = await callers.need(request);
      await enterCommunity(hall.chat, session, community, 'space.change');
      await hall.spaces.removeApplication({ community, by: session.account, app: id });
      return reply.code(204).send(null);
    },
  );
}

const tags = ['spaces'];

type Listed = Awaited<ReturnType<SpacePort['applications']>>[number];

function shape({ id, platform, platformId, name, state, why, createdAt, invite }: Listed): z.infer<typeof Application> {
  return {
    id,
    platform,
    platformId,
    name,
    state,
    ...(invite !== undefined && { invite }),
    ...(why !== null && { why }),
    addedAt: toRfc3339(createdAt),
  };
}

const Application = z.object({
  id: z.string(),
  platform: z.string(),
  platformId: z.string().describe('the platform’s own id of the application; on Slack of the workspace'),
  name: z.string(),
  state: z.enum(['live', 'waiting', 'refused']).describe('refused: its token has to be typed anew'),
  why: z.string().optional(),
  invite: z.string().optional().describe('puts the application’s bot into a Discord server'),
  addedAt: z.iso.datetime(),
});
const Applications = z.object({ apps: z.array(Application) });
/** A bot's token: three parts with dots, as Discord gives it; longer ones may come. */
const NewApplication = z.strictObject({
  platform: z.literal('discord'),
  token: z
    .string()
    .regex(/^[\w-]+\.[\w-]+\.[\w-]+$/, 'is not the token of a bot')
    .max(200),
});
const AppParams = IdParams.extend({ app: z.string().max(100) });
