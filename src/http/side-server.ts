import Fastify, { LogController } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { AppError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { Webhook } from '#core/platform.ts';
import type { App } from './app.ts';
import type { OperatorPort } from './hall.ts';
import { metricsRoute } from './measuring.ts';
import { problems, refuseBytes, sendProblem, unreadable } from './problems.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import type { ServerOptions } from './server.ts';

/** What a process that is no hall shows of itself. */
export interface SideParts {
  operator: OperatorPort;
  /** Asks the database anything: without it the process does nothing. Rejects with 503. */
  askDatabase(): Promise<unknown>;
  metricsToken: string | undefined;
  /** What platforms post to it. */
  webhooks: readonly Webhook[];
}

/** The small server of a bot, a worker or a connector: `/health/live`, `/health/ready`, `/metrics`, webhooks. It does not listen yet. */
export async function sideServer(parts: SideParts, { logger, tls }: ServerOptions): Promise<App> {
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: LIMITS.httpBody,
    forceCloseConnections: 'idle',
    clientErrorHandler: refuseBytes,
    requestTimeout: 60_000,
    frameworkErrors: unreadable,
    ...(tls && { https: tls }),
  } as object).withTypeProvider<ZodTypeProvider>() as unknown as App;
  problems(app);
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, nothingHere()));
  app.get('/health/live', () => ({ status: 'live' }));
  app.get('/health/ready', async () => {
    await parts.askDatabase();
    return { status: 'ready', notReady: await parts.operator.unready() };
  });
  metricsRoute(app, parts.metricsToken, async () => {
    const { metrics } = await import('./metrics.ts');
    return metrics(parts.operator);
  });
  await webhookRoutes(app, parts.webhooks);
  return app;
}

function nothingHere(): AppError {
  const detail = 'There is nothing at this address: the pages are served by a process in the role hall.';
  return new AppError({ status: 404, code: 'unknown-address', detail });
}
