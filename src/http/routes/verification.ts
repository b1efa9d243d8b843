import { z } from 'zod';
import { enterCommunity } from '#chat/chat.ts';
import { toRfc3339 } from '#core/clock.ts';
import { LIMITS } from '#core/limits.ts';
import type { By } from '#core/moderation.ts';
import type { Action } from '#core/permission.ts';
import type { GateChange, SeenBinding, SeenRequest, Verification } from '#core/verification.ts';
import type { FastifyRequest } from 'fastify';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { IdParams, line, Nothing } from '#http/shapes.ts';

const tags = ['verification'];

/** The verification gate: what a community decided, who asks, who is verified, who may not ask. */
export function verificationRoutes(app: App, hall: Hall, callers: Callers): void {
  const { verification } = hall;
  if (!verification) return;
  const actor = actorOf(hall, callers);
  settingsRoutes(app, verification, actor);
  overviewRoutes(app, { hall, verification }, actor);
  peopleRoutes(app, verification, actor);
  barRoutes(app, verification, actor);
}

export type ActorOf = (request: FastifyRequest, community: string, action: Action) => Promise<By>;

/** Who asks, in the community that they ask about; throws where they may not. */
export function actorOf(hall: Hall, callers: Callers): ActorOf {
  return async (request, community, action) => {
    const session = await callers.need(request);
    return { account: session.account, role: await enterCommunity(hall.chat, session, community, action), community };
  };
}

function settingsRoutes(app: App, verification: Verification, actor: ActorOf): void {
  const path = '/v1/communities/:id/verification';

  app.get(path, { schema: { tags, params: IdParams, response: { 200: Gate } } }, async (request) => {
    const { community } = await actor(request, request.params.id, 'verification.see');
    return verification.settings(community);
  });

  app.patch(path, { schema: { tags, params: IdParams, body: Change, response: { 200: Gate } } }, async (request) => {
    const by = await actor(request, request.params.id, 'verification.change');
    return verification.change({ by, change: given(request.body) });
  });
}

function overviewRoutes(
  app: App,
  { hall, verification }: { hall: Hall; verification: Verification },
  actor: ActorOf,
): void {
  const base = '/v1/communities/:id/verification';

  app.get(`${base}/overview`, { schema: { tags, params: IdParams, response: { 200: Overview } } }, async (request) => {
    const by = await actor(request, request.params.id, 'verification.see');
    const { testMail, ...counts } = await verification.overview(by);
    const mail = hall.mailer.health().state === 'off' ? ('shown' as const) : ('smtp' as const);
    return { ...counts, mail, testMail: testMail && { ...testMail, at: toRfc3339(testMail.at) } };
  });

  app.post(
    `${base}/test-mail`,
    { schema: { tags, params: IdParams, response: { 204: Nothing } } },
    async (request, reply) => {
      await verification.testMail(await actor(request, request.params.id, 'verification.change'));
      hall.mailer.wake();
      return reply.code(204).send(null);
    },
  );
}

function given(body: z.infer<typeof Change>): GateChange {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as GateChange;
}

function peopleRoutes(app: App, verification: Verification, actor: ActorOf): void {
  const base = '/v1/communities/:id/verification';

  app.get(
    `${base}/requests`,
    { schema: { tags, params: IdParams, querystring: RequestsAsked, response: { 200: Requests } } },
    async (request) => {
      const by = await actor(request, request.params.id, 'verification.see');
      const { state, ...page } = request.query;
      const requests = await verification.requests(by, { ...page, ...(state && { state }) });
      return { requests: requests.map(requestShape) };
    },
  );

  app.get(
    `${base}/people`,
    { schema: { tags, params: IdParams, querystring: PeopleAsked, response: { 200: People } } },
    async (request) => {
      const by = await actor(request, request.params.id, 'verification.see');
      const { active, query, ...page } = request.query;
      const asked = { ...page, active: active === 'true', ...(query !== undefined && { query }) };
      return { people: (await verification.bindings(by, asked)).map(bindingShape) };
    },
  );

  app.post(
    `${base}/people`,
    { schema: { tags, params: IdParams, body: Vouched, response: { 204: Nothing } } },
    async (request, reply) => {
      const by = await actor(request, request.params.id, 'verification.people');
      const { name, ...asked } = request.body;
      await verification.vouch({ by, ...asked, ...(name !== undefined && { name }) });
      return reply.code(204).send(null);
    },
  );

  app.delete(
    `${base}/people/:verification`,
    { schema: { tags, params: OneOf, querystring: Why, response: { 204: Nothing } } },
    async (request, reply) => {
      const { id, verification: one } = request.params;
      const by = await actor(request, id, 'verification.people');
      await verification.unlink({ by, id: one, reason: request.query.reason ?? '' });
      return reply.code(204).send(null);
    },
  );
}

function barRoutes(app: App, verification: Verification, actor: ActorOf): void {
  const base = '/v1/communities/:id/verification/bars';

  app.get(base, { schema: { tags, params: IdParams, response: { 200: Bars } } }, async (request) => {
    const by = await actor(request, request.params.id, 'verification.see');
    const bars = await verification.bars(by);
    return { bars: bars.map(({ barredAt, ...one }) => ({ ...one, barredAt: toRfc3339(barredAt) })) };
  });

  app.delete(
    `${base}/:subject`,
    { schema: { tags, params: BarParams, response: { 204: Nothing } } },
    async (request, reply) => {
      const { id, subject } = request.params;
      const by = await actor(request, id, 'verification.people');
      await verification.liftBar({ by, subject });
      return reply.code(204).send(null);
    },
  );
}

function requestShape({ createdAt, expiresAt, endedAt, ...one }: SeenRequest) {
  return { ...one, createdAt: toRfc3339(createdAt), expiresAt: toRfc3339(expiresAt), endedAt: time(endedAt) };
}

function bindingShape({ verifiedAt, endedAt, ...one }: SeenBinding) {
  return { ...one, verifiedAt: toRfc3339(verifiedAt), endedAt: time(endedAt) };
}

function time(at: number | null): string | null {
  return at === null ? null : toRfc3339(at);
}

const id = z.string().max(100);
const byPlace = z
  .record(id, z.string().max(100))
  .describe('by the id of a place (space_…) the platform’s own id there');
const settings = {
  on: z.boolean().describe('only verified people speak'),
  mode: z.enum(['delete', 'role']).describe('what holds others back on platforms'),
  neutral: z.boolean().describe('one answer for all who ask'),
  nickname: line(LIMITS.verifyNickname).nullable().describe('on platforms, {name} for the list’s name; null: as it is'),
  linkMinutes: z.number().int(),
  second: z.enum(['refuse', 'replace']).describe('a second account for one entry'),
  welcome: byPlace.describe('by place the room in which a bare code is taken'),
  roles: byPlace.describe('by place the role that verified people get'),
};
const Gate = z.object({ ...settings, version: z.number() });
const Change = z.strictObject(settings).partial();
const Overview = z.object({
  entries: z.number(),
  verified: z.number(),
  pending: z.number().describe('requests that have not ended'),
  barred: z.number().describe('people who may ask no more'),
  held: z.number().describe('members whom the gate made guests'),
  wouldBe: z.number().describe('members who would become guests if it were shut now'),
  mail: z.enum(['smtp', 'shown']).describe('shown: no server is set, mails are shown where the hall runs'),
  address: z.string().nullable().describe('one’s own, where it is proved'),
  testMail: z.object({ at: z.string(), state: z.enum(['going', 'sent', 'refused']) }).nullable(),
});
const Page = z.object({
  after: id.optional(),
  limit: z.coerce.number().int().min(1).max(LIMITS.verifyPage).default(LIMITS.verifyPage),
});
const State = z.enum(['mailing', 'live', 'used', 'waiting', 'denied', 'replaced', 'over']);
const RequestsAsked = Page.extend({ state: State.optional() });
const PeopleAsked = Page.extend({
  active: z.enum(['true', 'false']).default('true'),
  query: z.string().max(LIMITS.listUserId).optional(),
});
const Requests = z.object({
  requests: z.array(
    z.object({
      id,
      userId: z.string(),
      subject: z.string(),
      name: z.string(),
      platform: z.string(),
      state: State,
      createdAt: z.string(),
      expiresAt: z.string(),
      endedAt: z.string().nullable(),
    }),
  ),
});
const People = z.object({
  people: z.array(
    z.object({
      id,
      userId: z.string(),
      listName: z.string().nullable(),
      subject: z.string(),
      name: z.string(),
      how: z.enum(['link', 'code', 'oidc', 'moderator']),
      verifiedAt: z.string(),
      endedAt: z.string().nullable(),
      why: z.enum(['unlinked', 'given-back', 'replaced', 'removed', 'expired']).nullable(),
      banned: z.boolean(),
    }),
  ),
});
const Bars = z.object({ bars: z.array(z.object({ subject: z.string(), name: z.string(), barredAt: z.string() })) });
const Vouched = z.strictObject({
  userId: line(LIMITS.listUserId),
  subject: line(100).describe('an account, or platform:id'),
  name: line(LIMITS.personName).optional(),
});
const OneOf = z.object({ id, verification: id });
const BarParams = z.object({ id, subject: id });
const Why = z.object({ reason: z.string().max(LIMITS.reasonText).optional() });
