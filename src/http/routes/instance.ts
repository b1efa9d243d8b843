import { z } from 'zod';
import { setDisabled } from '#auth/disable.ts';
import { seeAccounts, seeCommunities } from '#auth/see-instance.ts';
import { LIMITS } from '#core/limits.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { Account, IdParams, Nothing } from '#http/shapes.ts';

/** How the instance is, who has an account on it, and which communities there are: for its operator. */
export function instanceRoutes(app: App, hall: Hall, callers: Callers): void {
  const tags = ['operator'];

  app.get('/v1/operator/overview', { schema: { tags, response: { 200: Overview } } }, async (request) => {
    await callers.needOperator(request);
    const { engines, ...rest } = await hall.instance();
    const { state, why } = hall.mailer.health();
    return { ...rest, engines: [...engines, { name: 'mail', state, ...(why !== undefined && { why }) }] };
  });

  app.get(
    '/v1/operator/accounts',
    { schema: { tags, querystring: Page.extend({ query: text.optional() }), response: { 200: Accounts } } },
    async (request) => {
      await callers.needOperator(request);
      const { query, after, limit } = request.query;
      return seeAccounts(hall.auth, { limit, ...(query && { query }), ...(after && { after }) });
    },
  );

  for (const [act, disabled] of [
    ['disable', true],
    ['enable', false],
  ] as const)
    app.post(
      `/v1/operator/accounts/:id/${act}`,
      { schema: { tags, params: IdParams, response: { 204: Nothing } } },
      async (request, reply) => {
        const { account } = await callers.needOperator(request);
        await setDisabled(hall.auth, account, request.params.id, disabled);
        return reply.code(204).send(null);
      },
    );

  app.get(
    '/v1/operator/communities',
    { schema: { tags, querystring: Page, response: { 200: Communities } } },
    async (request) => {
      await callers.needOperator(request);
      const { after, limit } = request.query;
      return seeCommunities(hall.auth, { limit, ...(after && { after }) });
    },
  );
}

const text = z.string().max(100);
const time = z.iso.datetime();
const next = z.string().nullable().describe('what `after` takes for the next page');
const Page = z.strictObject({
  after: text.optional(),
  limit: z.coerce.number().int().min(1).max(LIMITS.membersPage).default(LIMITS.instancePage),
});
const Accounts = z.object({
  accounts: z.array(
    Account.extend({
      operator: z.boolean(),
      disabled: z.boolean(),
      createdAt: time,
      lastSeenAt: time.nullable(),
      communities: z.number().describe('how many they are in'),
    }),
  ),
  next,
});
const Communities = z.object({
  communities: z.array(
    z.object({ id: z.string(), name: z.string(), createdAt: time, members: z.number(), rooms: z.number() }),
  ),
  next,
});
const Part = z.object({
  name: z.string(),
  state: z.enum(['up', 'standby', 'starting', 'silent', 'refused', 'down', 'off']).describe('off: it is not set'),
  why: z.string().optional(),
});
const Minutes = z.array(z.number().nullable()).describe('of the last 60 minutes; null where nothing was noted');
const Overview = z.object({
  version: z.string(),
  node: z.string(),
  schema: z.number(),
  processes: z.array(
    z.object({
      id: z.string(),
      role: z.string(),
      version: z.string(),
      state: z.enum(['live', 'troubled', 'silent']).describe('silent: it ended without a word'),
      startedAt: time,
      seenAt: time,
      parts: z.array(Part),
      memory: Minutes.describe('bytes'),
      busy: Minutes.describe('per cent of its time'),
    }),
  ),
  since: time.describe('when the first of the minutes began'),
  waited: z.object({ jobs: Minutes, outbox: Minutes.describe('committed, not yet taken') }),
  queues: z.array(
    z.object({
      name: z.string().describe('`jobs`, or `outbox.` and a channel'),
      waiting: z.number(),
      oldest: time.nullable(),
    }),
  ),
  engines: z.array(
    Part.extend({ version: z.string().optional(), bytes: z.number().optional(), answersMs: z.number().optional() }),
  ),
  backup: z.object({ at: time, bytes: z.number() }).nullable().describe('the last one that was read back whole'),
});
