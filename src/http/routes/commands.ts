import { z } from 'zod';
import type { Session } from '#auth/sessions.ts';
import { memberships } from '#auth/profile.ts';
import { enterCommunity, enterRoom } from '#chat/chat.ts';
import { AppError, badRequest, unknown } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { Refusal, Reply as KeptReply } from '#core/message.ts';
import { whyNotCommand } from '#core/permission.ts';
import { needUse } from '#core/rate.ts';
import type { Role } from '#core/roles.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { IdParams, Reply } from '#http/shapes.ts';

/** Commands over HTTP: one address for each, and the state of what takes longer. */
export function commandRoutes(app: App, hall: Hall, callers: Callers): void {
  const tags = ['commands'];

  app.get(
    '/v1/commands',
    { schema: { tags, querystring: Where, response: { 200: z.object({ commands: z.array(z.unknown()) }) } } },
    async (request) => {
      const session = await callers.need(request);
      const place = await inCommunity(hall, session, request.query.community);
      if (!place) return { commands: [] };
      return { commands: await hall.commands.offer(place.community, { account: session.account, role: place.role }) };
    },
  );

  app.post(
    '/v1/commands/:name',
    { schema: { hide: true, params: z.object({ name: z.string().max(60) }), querystring: Wait, body: Call } },
    async (request, reply) => {
      const session = await callers.need(request);
      await needUse(hall.rates, `post ${session.account}`, hall.settings.limits.post);
      const name = request.params.name.toLowerCase();
      const refusal = whyNotCommand(session.scopes, hall.commands.all.get(name)?.token);
      if (refusal) throw refusal;
      const place = await placeOf(hall, session, request.body);
      const called = { ...place, who: session, name, args: request.body.args };
      const result = await hall.commands.call(called, request.query.wait);
      if ('job' in result) return reply.code(202).send({ job: result.job });
      if (result.refusal) throw toError(result.reply, result.refusal);
      return { reply: result.reply };
    },
  );

  app.get('/v1/jobs/:id', { schema: { tags, params: IdParams, response: { 200: JobState } } }, async (request) => {
    const session = await callers.need(request);
    const answer = await hall.commands.answer(request.params.id);
    if (answer?.account !== session.account) throw unknown('job');
    const state = answer.refusal ? 'failed' : answer.state;
    return { job: request.params.id, state, ...(answer.reply && { reply: answer.reply }) };
  });
}

/** One of the caller's communities; where none is named, the first one made of those. */
const Where = z.strictObject({ community: z.string().max(100).optional() });
const Wait = z.strictObject({ wait: z.coerce.number().min(0).max(LIMITS.commandWait).default(10) });
/** What an argument can be; a command takes nothing deeper. */
const Value = z.union([z.string().max(LIMITS.messageText), z.number(), z.boolean(), z.null()]);
const Call = z.strictObject({
  room: z.string().max(100).optional(),
  community: z.string().max(100).optional(),
  args: z.record(z.string().max(100), Value).default({}),
});
const JobState = z.object({ job: z.string(), state: z.string(), reply: Reply.optional() });

interface Place {
  role: Role | undefined;
  community: string;
  room?: string;
}

async function placeOf(hall: Hall, session: Session, { room, community }: z.infer<typeof Call>): Promise<Place> {
  if (room === undefined) {
    const place = await inCommunity(hall, session, community);
    if (!place) throw unknown('community');
    return place;
  }
  const seen = await enterRoom(hall.chat, session, room, 'room.read');
  if (community !== undefined && community !== seen.community)
    throw badRequest('another-community', 'community: the room is in another one. Leave it out where a room is named.');
  return { role: seen.role, community: seen.community, room };
}

async function inCommunity(hall: Hall, session: Session, community: string | undefined): Promise<Place | undefined> {
  if (community !== undefined)
    return { role: await enterCommunity(hall.chat, session, community, 'room.read'), community };
  const [first] = await memberships(hall.auth, session.account);
  return first && { role: first.role, community: first.id };
}

function toError(reply: KeptReply, refusal: Refusal): AppError {
  return new AppError({ ...refusal, detail: reply.text });
}
