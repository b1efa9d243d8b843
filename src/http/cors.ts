import type { App } from './app.ts';
import type { Hall } from './hall.ts';

/** Pages of the named origins may call with a Bearer token. Never with the cookie: credentials are not allowed. */
export function cors(app: App, hall: Hall): void {
  const { corsOrigins } = hall.settings;
  if (corsOrigins.length === 0) return;
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    if (origin === undefined || !corsOrigins.includes(origin)) return;
    reply.header('access-control-allow-origin', origin).header('vary', 'origin');
    if (request.method !== 'OPTIONS') return;
    await reply
      .header('access-control-allow-methods', 'GET, POST, PUT, PATCH, DELETE')
      .header('access-control-allow-headers', 'authorization, content-type')
      .header('access-control-max-age', '600')
      .code(204)
      .send();
  });
}
