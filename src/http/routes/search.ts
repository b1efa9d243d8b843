import { z } from 'zod';
import { searchRooms } from '#chat/search-messages.ts';
import { LIMITS } from '#core/limits.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { Message } from '#http/shapes.ts';

/** What was said in one's rooms. */
export function searchRoutes(app: App, hall: Hall, callers: Callers): void {
  app.get(
    '/v1/search',
    { schema: { tags: ['messages'], querystring: Asked, response: { 200: Results } } },
    async (request) => {
      const session = await callers.need(request);
      const { query, limit, since, ...where } = request.query;
      const given = Object.fromEntries(Object.entries(where).filter(([, value]) => value !== undefined));
      return searchRooms(hall.chat, session, {
        query,
        limit,
        ...given,
        ...(since !== undefined && { since: Date.parse(since) }),
      });
    },
  );
}

const id = z.string().max(100);
const Asked = z.strictObject({
  query: z.string().max(LIMITS.searchQuery).describe('words; "words in a row"; begin*'),
  community: id.optional(),
  room: id.optional(),
  author: id.optional().describe('an account'),
  since: z.iso.datetime({ offset: true }).optional(),
  before: id.optional().describe('`next` of the page before'),
  limit: z.coerce.number().int().min(1).max(LIMITS.historyPage).default(LIMITS.historyDefault),
});
const Results = z.object({
  results: z.array(
    z.object({
      message: Message,
      room: z.object({ id, name: z.string(), community: id }),
      marks: z.array(z.tuple([z.int(), z.int()])).describe('what was looked for, in UTF-16 units of the text'),
    }),
  ),
  next: id.optional().describe('there may be more: ask with `before`; a page may be empty and still have it'),
});
