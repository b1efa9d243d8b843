import { finished } from 'node:stream';
import { z } from 'zod';
import { conflict } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { needUse } from '#core/rate.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { sendLines } from './audit.ts';

/** Everything about oneself: to take away, and to have deleted. */
export function yourDataRoutes(app: App, hall: Hall, callers: Callers): void {
  const tags = ['people'];
  const underWay = new Set<string>();

  app.get('/v1/me/export', { schema: { tags, response: { 200: Lines } } }, async (request, reply) => {
    const { account, username } = await callers.need(request);
    if (underWay.has(account)) throw conflict('export-under-way', 'Your export is being made. Take that one first.');
    underWay.add(account);
    // Also where whoever asked is gone by now, and however this ends.
    finished(reply.raw, () => underWay.delete(account));
    await needUse(hall.rates, `export ${account}`, LIMITS.dataExports);
    return sendLines(reply, hall.yourData.export(account), `guildhall-${username}.ndjson`);
  });

  app.get(
    '/v1/me/export/kept',
    { schema: { tags, querystring: z.strictObject({ messages }), response: { 200: KeptList } } },
    async (request) => {
      await callers.need(request);
      return { kept: hall.yourData.keeps(request.query.messages) };
    },
  );

  app.delete('/v1/me', { schema: { tags, body: Erase, response: { 200: Erased } } }, async (request, reply) => {
    const session = await callers.need(request);
    const told = await hall.yourData.erase(session, { ...request.body, address: request.ip });
    callers.clearCookie(reply);
    return told;
  });
}

const messages = z
  .enum(['keep', 'delete'])
  .default('keep')
  .describe('what you wrote in rooms: kept without your name, or deleted');
const Erase = z.strictObject({
  username: z.string().max(100).describe('your own, typed once more'),
  password: z.string().max(5_000).optional().describe('not needed within ten minutes after signing in'),
  messages,
});
const KeptList = z.object({ kept: z.array(z.object({ what: z.string(), why: z.string() })) });
const Erased = KeptList.extend({ goesOn: z.string().describe('what is not done yet, and is done by itself') });
const Lines = z.any().describe('one JSON object a line: part, table, and the columns');
