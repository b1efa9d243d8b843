import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { enterCommunity } from '#chat/chat.ts';
import { LIMITS } from '#core/limits.ts';
import { needUse } from '#core/rate.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { AuditEntry, AuditQuery, Hall } from '#http/hall.ts';
import { IdParams } from '#http/shapes.ts';

/** Who did what: for a community's admins, and for the operator what belongs to none. */
export function auditRoutes(app: App, hall: Hall, callers: Callers): void {
  app.get(
    '/v1/communities/:id/audit',
    { schema: { tags: ['audit'], params: IdParams, querystring: Page, response: { 200: AuditPage } } },
    async (request) => {
      const session = await callers.need(request);
      const { id: community } = request.params;
      await enterCommunity(hall.chat, session, community, 'audit.read');
      const page = await hall.audit.page({ ...request.query, community }, session.account);
      return { ...page, days: hall.audit.days };
    },
  );

  app.get(
    '/v1/communities/:id/audit/export',
    { schema: { tags: ['audit'], params: IdParams, querystring: Filter, response: { 200: Lines } } },
    async (request, reply) => {
      const session = await callers.need(request);
      const { id: community } = request.params;
      await enterCommunity(hall.chat, session, community, 'audit.read');
      await needUse(hall.rates, `audit export ${session.account}`, LIMITS.auditExports);
      const asked: AuditQuery = { ...request.query, community, limit: LIMITS.auditPiece };
      await hall.audit.exported(community, session.account);
      return sendLines(reply, hall.audit.all(asked, session.account), `audit-${community}.ndjson`);
    },
  );

  app.get(
    '/v1/operator/audit',
    { schema: { tags: ['operator'], querystring: Page, response: { 200: AuditPage } } },
    async (request) => {
      const session = await callers.needOperator(request);
      const page = await hall.audit.page({ ...request.query, community: null }, session.account);
      return { ...page, days: hall.audit.days };
    },
  );
}

/** Sends objects as lines of JSON, as fast as they are taken: https://github.com/ndjson/ndjson-spec */
export function sendLines(reply: FastifyReply, lines: AsyncIterable<object>, name: string): FastifyReply {
  return reply
    .header('content-type', 'application/x-ndjson; charset=utf-8')
    .header('content-disposition', `attachment; filename="${name}"`)
    .header('cache-control', 'no-store')
    .send(Readable.from(inPieces(lines), { objectMode: false }));
}

/** Characters that are handed on at once: a chunk for each line would cost more than the line. */
const PIECE = 64 * 1024;

async function* inPieces(lines: AsyncIterable<object>): AsyncIterable<string> {
  let piece = '';
  for await (const line of lines) {
    piece += `${JSON.stringify(line)}\n`;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

const time = z.iso.datetime({ offset: true });
const action = z.string().regex(/^[a-z][a-z0-9.-]{0,59}(\.\*)?$/, 'is an action such as room.create, or command.*');
const Filter = z.strictObject({
  who: z.string().max(100).optional().describe('an account, platform:id, or a username'),
  action: z
    .preprocess((given) => (typeof given === 'string' ? given.split(',') : given), z.array(action).min(1).max(50))
    .optional()
    .describe('actions, a comma between, or all of a kind: command.*'),
  subject: z.string().max(200).optional(),
  kind: z.enum(['change']).optional().describe('what was changed, without the commands that were used'),
  result: z.enum(['done', 'refused']).optional(),
  from: time.optional(),
  to: time.optional(),
});
const Page = Filter.extend({
  after: z.string().max(100).optional(),
  limit: z.coerce.number().int().min(1).max(LIMITS.auditPage).default(50),
});
const named = z.object({ id: z.string(), name: z.string().nullable() });
const Entry = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  who: named.extend({ username: z.string().nullable() }).nullable(),
  identity: named.extend({ platform: z.string() }).nullable(),
  platform: z.string().nullable().describe('where it was done from; stays when who did it is deleted'),
  action: z.string(),
  subject: named.nullable(),
  detail: z.string().nullable(),
  place: named.nullable(),
  result: z.string().describe('done, or the code of the refusal'),
}) satisfies z.ZodType<AuditEntry>;
const AuditPage = z.object({ entries: z.array(Entry), after: z.string().nullable(), days: z.number() });
const Lines = z.any().describe('one JSON object a line, as in the entries of the list');
