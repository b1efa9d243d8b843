import { z } from 'zod';
import { unknown } from '#core/errors.ts';
import { hallFacts } from '#auth/profile.ts';
import type { App } from '#http/app.ts';
import { readAsStranger, type Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import type { Hub } from '#http/live/hub.ts';
import { metricsRoute } from '#http/measuring.ts';
import { IdParams, Nothing } from '#http/shapes.ts';

/** The hall itself: what it is, how it is, and what its operator must see to. */
export function operatorRoutes(app: App, hall: Hall, { callers, hub }: { callers: Callers; hub: Hub }): void {
  const tags = ['operator'];

  app.get('/v1/hall', { schema: { tags: ['hall'], response: { 200: Facts } } }, async (request) => {
    await readAsStranger(hall, request);
    const { version, demo } = hall.settings;
    return {
      ...(await hallFacts(hall.auth)),
      signup: hall.auth.signup,
      communities: hall.settings.communities,
      oidc: hall.auth.oidc?.name ?? null,
      version,
      demo,
    };
  });

  app.get(
    '/v1/operator/dead',
    { schema: { tags, response: { 200: z.object({ dead: z.array(Dead) }) } } },
    async (request) => {
      await callers.needOperator(request);
      return { dead: await hall.operator.dead() };
    },
  );

  app.post(
    '/v1/operator/dead/:id/retry',
    { schema: { tags, params: IdParams, response: { 204: Nothing } } },
    async (request, reply) => {
      const { account } = await callers.needOperator(request);
      if (!(await hall.operator.retry(request.params.id, account))) throw unknown('job');
      return reply.code(204).send(null);
    },
  );

  app.delete(
    '/v1/operator/dead/:id',
    { schema: { tags, params: IdParams, response: { 204: Nothing } } },
    async (request, reply) => {
      const { account } = await callers.needOperator(request);
      if (!(await hall.operator.forget(request.params.id, account))) throw unknown('job');
      return reply.code(204).send(null);
    },
  );

  app.get('/health/live', { schema: { tags: ['hall'], response: { 200: z.object({ status: z.string() }) } } }, () => ({
    status: 'live',
  }));

  app.get('/health/ready', { schema: { tags: ['hall'], response: { 200: Ready } } }, async () => {
    await hallFacts(hall.auth);
    return { status: 'ready', notReady: [...(await hall.operator.unready()), ...mailNotReady(hall)] };
  });

  metricsRoute(app, hall.settings.metricsToken, async () => {
    const { metrics } = await import('#http/metrics.ts');
    return metrics(hall.operator, hub);
  });
}

/** The way out for mails of this process; what others have is in the operator's list. */
function mailNotReady({ mailer }: Hall): { name: string; why: string }[] {
  const { state, why = state } = mailer.health();
  return state === 'down' ? [{ name: 'mail', why }] : [];
}

const Facts = z.object({
  name: z.string(),
  signup: z.enum(['invite', 'open', 'closed']),
  communities: z.enum(['operator', 'anyone']),
  oidc: z.string().nullable().describe('the name of the service that one may sign in by'),
  version: z.string(),
  demo: z.boolean(),
  empty: z.boolean(),
});
const Dead = z.object({
  id: z.string(),
  job: z.string(),
  reason: z.string().nullable(),
  attempts: z.number(),
  failedAt: z.string().nullable(),
});
const Ready = z.object({ status: z.string(), notReady: z.array(z.object({ name: z.string(), why: z.string() })) });
