import { z } from 'zod';
import { enterCommunity, type Person } from '#chat/chat.ts';
import { lift } from '#chat/lift-sanction.ts';
import { lockDown } from '#chat/order-room.ts';
import { sanction } from '#chat/sanction.ts';
import {
  seeModerationLog,
  seeSanctions,
  seeStand,
  DONE,
  type ModerationEntry,
  type Sanction,
} from '#chat/see-order.ts';
import { toRfc3339 } from '#core/clock.ts';
import { badRequest } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { By, Whom } from '#core/moderation.ts';
import type { Action } from '#core/permission.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import {
  Done,
  LockDown,
  ModerationEntry as EntryShape,
  PageQuery,
  Sanction as SanctionShape,
  Standing,
} from '#http/order-shapes.ts';
import { IdParams, Nothing, Reason } from '#http/shapes.ts';

/** Who is muted, kicked and banned, the lock-down, and the log of it all. */
export function moderationRoutes(app: App, hall: Hall, callers: Callers): void {
  sanctionRoutes(app, hall, callers);
  const tags = ['moderation'];

  app.get(
    '/v1/communities/:id/standing',
    { schema: { tags, params: IdParams, response: { 200: StandShape } } },
    async (request) => {
      const session = await callers.need(request);
      const { standing, waiting } = await seeStand(hall.chat, session, request.params.id);
      const gate = await hall.verification?.at(request.params.id, session.account);
      const mine = {
        standing: standing ? shown(standing) : null,
        ...(gate === 'unverified' && { unverified: true as const }),
      };
      if (!waiting) return mine;
      const { lockDown: locked, ...counts } = waiting;
      return {
        ...mine,
        waiting: { ...counts, lockDown: locked ? { since: toRfc3339(locked.since), until: time(locked.until) } : null },
      };
    },
  );

  app.put(
    '/v1/communities/:id/lockdown',
    { schema: { tags, params: IdParams, body: LockDownBody, response: { 204: Nothing } } },
    async (request, reply) => {
      const by = await actor(hall, await callers.need(request), request.params.id, 'order.lock-down');
      const { on, minutes } = request.body;
      await lockDown(hall.chat, { by, on, ...(minutes !== undefined && { minutes }) });
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/v1/communities/:id/moderation-log',
    {
      schema: {
        tags,
        params: IdParams,
        querystring: PageQuery,
        response: { 200: z.object({ entries: z.array(EntryShape) }) },
      },
    },
    async (request) => {
      const session = await callers.need(request);
      const entries = await seeModerationLog(hall.chat, session, request.params.id, request.query);
      return { entries: entries.map(entryShape) };
    },
  );
}

function sanctionRoutes(app: App, hall: Hall, callers: Callers): void {
  const tags = ['moderation'];

  app.post(
    '/v1/communities/:id/sanctions',
    { schema: { tags, params: IdParams, body: NewSanction, response: { 201: Done } } },
    async (request, reply) => {
      const { kind, minutes, reason } = request.body;
      const whom = whomOf(request.body);
      const by = await actor(hall, await callers.need(request), request.params.id, `person.${kind}`);
      if (kind === 'mute' && minutes === undefined) throw badRequest('no-minutes', 'A mute needs its minutes.');
      const wanted = { by, whom, kind, reason, ...(minutes !== undefined && { minutes }) };
      return reply.code(201).send(await sanction(hall.chat, wanted));
    },
  );

  app.get(
    '/v1/communities/:id/sanctions',
    {
      schema: {
        tags,
        params: IdParams,
        querystring: PageQuery.extend({ active: z.enum(['true', 'false']).optional() }),
        response: { 200: z.object({ sanctions: z.array(SanctionShape) }) },
      },
    },
    async (request) => {
      const { active, ...page } = request.query;
      const asked = { ...page, ...(active !== undefined && { active: active === 'true' }) };
      const sanctions = await seeSanctions(hall.chat, await callers.need(request), request.params.id, asked);
      return { sanctions: sanctions.map(sanctionShape) };
    },
  );

  app.delete(
    '/v1/communities/:id/sanctions/:sanction',
    { schema: { tags, params: SanctionParams, querystring: Why, response: { 200: Done } } },
    async (request) => {
      const { id, sanction: one } = request.params;
      const by = await actor(hall, await callers.need(request), id, 'sanction.lift');
      return lift(hall.chat, by, { id: one, reason: request.query.reason ?? '' });
    },
  );
}

async function actor(hall: Hall, person: Person, community: string, action: Action): Promise<By> {
  const role = await enterCommunity(hall.chat, person, community, action);
  return { account: person.account, role, community };
}

function whomOf({ account, person }: z.infer<typeof NewSanction>): Whom {
  if (account !== undefined && person === undefined) return { account };
  if (person !== undefined && account === undefined) return { ...person, name: person.name ?? person.platformId };
  throw badRequest('no-person', 'Name either an account or a person of a platform.');
}

const NewSanction = z.strictObject({
  account: z.string().max(100).optional(),
  person: z
    .strictObject({
      platform: z.enum(['discord', 'slack', 'twitch']),
      platformId: z.string().regex(/^[\w-]{1,40}$/),
      name: z.string().trim().min(1).max(LIMITS.personName).optional(),
    })
    .optional(),
  kind: z.enum(['mute', 'kick', 'ban']),
  minutes: z.int().min(1).max(LIMITS.sanctionMinutes).optional(),
  reason: Reason.min(1),
});
const SanctionParams = z.object({ id: z.string().max(100), sanction: z.string().max(100) });
const Why = z.strictObject({ reason: Reason.optional() });
const LockDownBody = z.strictObject({
  on: z.boolean(),
  minutes: z.int().min(1).max(LIMITS.sanctionMinutes).optional(),
});
const StandShape = z.object({
  standing: Standing.nullable(),
  unverified: z.literal(true).optional().describe('the verification gate holds you back'),
  waiting: z.object({ reports: z.number(), held: z.number(), lockDown: LockDown.nullable() }).optional(),
});

function time(at: number | null): string | null {
  return at === null ? null : toRfc3339(at);
}

function shown({ kind, reason, until }: { kind: 'mute' | 'ban'; reason: string; until: number | null }) {
  return { kind, reason, until: time(until) };
}

function sanctionShape(one: Sanction): z.infer<typeof SanctionShape> {
  const { id, kind, name, reason, account, platform, platformId, madeBy, madeAt, until, liftedAt } = one;
  const person = { id: account ?? `${platform}:${platformId}`, name };
  const times = { madeAt: toRfc3339(madeAt), until: time(until), liftedAt: time(liftedAt) };
  return { id, kind, person, reason, by: madeBy, ...times };
}

function entryShape(entry: ModerationEntry): z.infer<typeof EntryShape> {
  const { id, at, action, by, byName, subject, detail, result } = entry;
  return {
    id,
    at: toRfc3339(at),
    action,
    by: by === null ? null : { id: by, name: byName ?? by },
    subject,
    detail: detail === null ? {} : (JSON.parse(detail) as Record<string, unknown>),
    result: result ?? DONE,
  };
}
