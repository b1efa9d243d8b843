import type { FastifyRequest } from 'fastify';
import { refused } from '#core/errors.ts';

/** For what a link begins: one on somebody else's page must not begin it. */
export function needOwnPage(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  throw refused('foreign-origin', 'This link stood on another site’s page.', 'Origin: only our own pages');
}
