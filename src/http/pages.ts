import { existsSync } from 'node:fs';
import fastifyStatic from '@fastify/static';
import { AppError } from '#core/errors.ts';
import type { App } from './app.ts';
import type { Hall } from './hall.ts';
import { sendProblem } from './problems.ts';

const PAGES = [
  '/signin',
  '/signup',
  '/me',
  '/invites',
  '/rooms/*',
  '/join/*',
  '/first/*',
  '/forgotten',
  '/reset/*',
  '/verify-email/*',
  '/mail',
];

/** The built pages: files with a hash in their name are kept for ever, and every page's address gives the same document. */
export async function pages(app: App, hall: Hall): Promise<void> {
  const root = hall.settings.pages;
  const built = root !== undefined && existsSync(root);
  if (built) {
    const setHeaders = (response: { header(name: string, value: string): unknown }, path: string): void =>
      void response.header(
        'cache-control',
        path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      );
    await app.register(fastifyStatic, { root, index: ['index.html'], preCompressed: true, setHeaders });
    for (const url of PAGES)
      app.get(url, { schema: { hide: true } }, (_request, reply) => reply.sendFile('index.html'));
  }
  app.setNotFoundHandler((request, reply) => {
    const wantsPage =
      request.method === 'GET' && !request.url.startsWith('/v1/') && request.headers.accept?.includes('text/html');
    if (built && wantsPage) return reply.code(404).sendFile('index.html');
    return sendProblem(
      reply,
      new AppError({ status: 404, code: 'unknown-address', detail: 'There is nothing at this address.' }),
    );
  });
}
