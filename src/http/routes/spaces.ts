import { z } from 'zod';
import { enterCommunity } from '#chat/chat.ts';
import { toRfc3339 } from '#core/clock.ts';
import { LIMITS } from '#core/limits.ts';
import { PLACE_STATES, type PlaceHealth } from '#core/place-health.ts';
import { needUse } from '#core/rate.ts';
import { ROLES } from '#core/roles.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { IdParams, Nothing, Space } from '#http/shapes.ts';

/** A community's places on other platforms: how they are, how they come and go, and what roles there are worth here. */
export function spaceRoutes(app: App, hall: Hall, callers: Callers): void {
  app.get(
    '/v1/communities/:id/spaces',
    { schema: { tags, params: IdParams, querystring: Page, response: { 200: SpaceList } } },
    async (request) => {
      const { id } = request.params;
      await enterCommunity(hall.chat, await callers.need(request), id, 'space.list');
      const { spaces, next } = await hall.spaces.list(id, request.query);
      const platforms = (await hall.spaces.platforms()).map(({ health, ...one }) => ({
        ...one,
        health: healthOf(health),
      }));
      return { spaces: spaces.map(shape), platforms, ...(next !== undefined && { next }) };
    },
  );

  app.post(
    '/v1/communities/:id/spaces',
    { schema: { tags, params: IdParams, body: Wanted, response: { 201: Code } } },
    async (request, reply) => {
      const { id: community } = request.params;
      const session = await callers.need(request);
      await enterCommunity(hall.chat, session, community, 'space.change');
      await needUse(hall.rates, `post ${session.account}`, hall.settings.limits.post);
      const asked = { community, by: session.account, platform: request.body.platform };
      const { code, expiresAt } = await hall.spaces.askToConnect(asked);
      return reply.code(201).send({ code, expiresAt: toRfc3339(expiresAt), platform: asked.platform });
    },
  );

  app.delete(
    '/v1/communities/:id/spaces/:space',
    { schema: { tags, params: SpaceParams, response: { 204: Nothing } } },
    async (request, reply) => {
      const { id: community, space } = request.params;
      const session = await callers.need(request);
      await enterCommunity(hall.chat, session, community, 'space.change');
      await hall.spaces.giveBack({ community, by: session.account, space });
      return reply.code(204).send(null);
    },
  );

  mappingRoutes(app, hall, callers);
}

function mappingRoutes(app: App, hall: Hall, callers: Callers): void {
  const path = '/v1/communities/:id/role-mappings';

  app.get(path, { schema: { tags, params: IdParams, response: { 200: Mappings } } }, async (request) => {
    const { id } = request.params;
    await enterCommunity(hall.chat, await callers.need(request), id, 'space.list');
    return hall.spaces.mappings(id);
  });

  app.put(
    path,
    { schema: { tags, params: IdParams, body: NewMappings, response: { 200: Mappings } } },
    async (request) => {
      const { id: community } = request.params;
      const session = await callers.need(request);
      const role = await enterCommunity(hall.chat, session, community, 'space.change');
      return hall.spaces.setMappings({ community, by: session.account, role, mappings: request.body.mappings });
    },
  );
}

const tags = ['spaces'];

type Listed = Awaited<ReturnType<Hall['spaces']['list']>>['spaces'][number];

function shape({ health, connectedAt, connectedBy, connectedByName, ...space }: Listed): z.infer<typeof ListedSpace> {
  const { id, platform, platformId, name, symbol, seenAt } = space;
  return {
    id,
    platform,
    platformId,
    name,
    symbol,
    seenAt: toRfc3339(seenAt),
    health: healthOf(health),
    connectedAt: connectedAt === null ? null : toRfc3339(connectedAt),
    connectedBy: connectedBy === null ? null : { id: connectedBy, name: connectedByName ?? connectedBy },
  };
}

function healthOf({ state, why, heardAt }: PlaceHealth): z.infer<typeof Health> {
  return { state, ...(why !== undefined && { why }), ...(heardAt !== undefined && { lastHeard: toRfc3339(heardAt) }) };
}

const Health = z.object({
  state: z
    .enum(PLACE_STATES)
    .describe(
      'live; waiting: it comes back by itself; refused: somebody has to act; removed: the bot is not there; off',
    ),
  why: z.string().optional(),
  lastHeard: z.iso.datetime().optional(),
});
const ListedSpace = Space.extend({
  health: Health,
  connectedAt: z.iso
    .datetime()
    .nullable()
    .describe('null: it came by itself, and the roles of its people are worth nothing here on Discord'),
  connectedBy: z.object({ id: z.string(), name: z.string() }).nullable(),
});
const SpaceList = z.object({
  spaces: z.array(ListedSpace),
  platforms: z.array(
    z.object({
      platform: z.string(),
      health: Health,
      invite: z.string().optional().describe('puts the bot there'),
      adds: z.boolean().optional().describe('a workspace is added by POST …/slack-workspaces'),
    }),
  ),
  next: z.string().optional(),
});
const Page = z.object({
  after: z.string().max(100).optional(),
  limit: z.coerce.number().int().min(1).max(LIMITS.historyPage).default(LIMITS.historyDefault),
});
const platform = z.enum(['discord', 'slack', 'twitch']);
const Wanted = z.strictObject({ platform });
const Code = z.object({ code: z.string(), expiresAt: z.iso.datetime(), platform });
const SpaceParams = IdParams.extend({ space: z.string().max(100) });
const mapping = { platform, platformRole: z.string().trim().min(1).max(100), role: z.enum(ROLES) };
const Mapping = z.object({ ...mapping, platform: z.string(), platformRole: z.string() });
const Mappings = z.object({
  mappings: z.array(Mapping),
  defaults: z.array(Mapping),
  known: z.array(z.object({ platform: z.string(), platformRole: z.string(), name: z.string() })),
});
const NewMappings = z.strictObject({ mappings: z.array(z.strictObject(mapping)).max(LIMITS.roleMappings) });
