import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { refused } from '#core/errors.ts';
import type { App } from './app.ts';

/** `/metrics`, for this machine or with METRICS_TOKEN. `load` is called when it is first asked for: most are never measured. */
export function metricsRoute(app: App, token: string | undefined, load: () => Promise<() => Promise<string>>): void {
  let figures: (() => Promise<string>) | undefined;
  app.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
    if (!mayMeasure(request, token))
      throw refused(
        'metrics-only',
        'Metrics are for this machine, or with METRICS_TOKEN.',
        'METRICS_TOKEN; the operator can set it',
      );
    return reply.type('text/plain; version=0.0.4').send(await (figures ??= await load())());
  });
}

/** From this machine itself, not through a proxy; or with the token. */
function mayMeasure(request: FastifyRequest, token: string | undefined): boolean {
  const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token !== undefined && given !== undefined) return sameText(given, token);
  const { remoteAddress = '' } = request.socket;
  const local = remoteAddress === '127.0.0.1' || remoteAddress === '::1' || remoteAddress === '::ffff:127.0.0.1';
  return local && request.headers['x-forwarded-for'] === undefined && request.headers.forwarded === undefined;
}

function sameText(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
