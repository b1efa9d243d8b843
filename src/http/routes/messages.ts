import { z } from 'zod';
import { deleteMessage, editMessage } from '#chat/change-message.ts';
import { readHistory } from '#chat/read-room.ts';
import { badRequest, type AppError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { needUse } from '#core/rate.ts';
import { findSecret } from '#core/secret-arguments.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { IdParams, Message, MessageText, Nothing, Reason } from '#http/shapes.ts';

/** What is said in rooms. */
export function messageRoutes(app: App, hall: Hall, callers: Callers): void {
  const tags = ['messages'];

  app.get(
    '/v1/rooms/:id/messages',
    {
      schema: {
        tags,
        params: IdParams,
        querystring: Page,
        response: { 200: z.object({ messages: z.array(Message) }) },
      },
    },
    async (request) => {
      const session = await callers.need(request);
      const { limit, before, after } = request.query;
      const asked = { limit, ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
      return { messages: await readHistory(hall.chat, session, request.params.id, asked) };
    },
  );

  app.post(
    '/v1/rooms/:id/messages',
    { schema: { tags, params: IdParams, body: NewPost, response: { 200: Message, 201: Message, 202: Accepted } } },
    async (request, reply) => {
      const session = await callers.need(request);
      await needUse(hall.rates, `post ${session.account}`, hall.settings.limits.post);
      const { text, clientId } = request.body;
      const posted = await hall.commands.post(session, {
        room: request.params.id,
        text,
        ...(clientId !== undefined && { clientId }),
      });
      if ('command' in posted) return reply.code(202).send({ command: posted.command });
      if (posted.held) return reply.code(202).send({ held: true });
      return reply.code(posted.fresh ? 201 : 200).send(posted.message);
    },
  );

  app.patch(
    '/v1/messages/:id',
    { schema: { tags, params: IdParams, body: z.strictObject({ text: MessageText }), response: { 200: Message } } },
    async (request) => {
      const session = await callers.need(request);
      await needUse(hall.rates, `post ${session.account}`, hall.settings.limits.post);
      const { text } = request.body;
      if (findSecret({ text }, hall.commands.all)) throw secretInWords();
      return editMessage(hall.chat, session, request.params.id, text);
    },
  );

  app.delete(
    '/v1/messages/:id',
    { schema: { tags, params: IdParams, querystring: Why, response: { 204: Nothing } } },
    async (request, reply) => {
      await deleteMessage(hall.chat, await callers.need(request), request.params.id, request.query.reason);
      return reply.code(204).send(null);
    },
  );
}

/** An edit runs no command: the words would be shown to the room. */
function secretInWords(): AppError {
  return badRequest(
    'secret-in-words',
    'A secret does not belong into words that others read. Type the command as a new line. Nothing was changed.',
  );
}

const Page = z.strictObject({
  limit: z.coerce.number().int().min(1).max(LIMITS.historyPage).default(LIMITS.historyDefault),
  before: z.coerce.number().int().min(0).optional(),
  after: z.coerce.number().int().min(0).optional(),
});
const NewPost = z.strictObject({ text: MessageText, clientId: z.string().min(1).max(LIMITS.clientId).optional() });
const Accepted = z.union([z.object({ command: z.string() }), z.object({ held: z.literal(true) })]);
/** Of a moderator: for the log. */
const Why = z.strictObject({ reason: Reason.optional() });
