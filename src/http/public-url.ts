import type { FastifyRequest } from 'fastify';
import { notReady } from '#core/errors.ts';
import { isLoopback } from '#core/loopback.ts';
import type { HallSettings } from './hall.ts';

/** Where this caller reaches us, without a slash at the end: `PUBLIC_URL`, else as the request says. */
export function publicUrlOf(request: FastifyRequest, settings: HallSettings): string {
  return settings.publicUrl ?? `${request.protocol}://${request.host}`;
}

/**
 * Where links in mails lead. A stranger who asks for somebody else's mail must not choose it: what a request says of our name
 * counts on this machine alone.
 */
export function linkBase(request: FastifyRequest, settings: HallSettings): string {
  if (settings.publicUrl !== undefined) return settings.publicUrl;
  const base = `${request.protocol}://${request.host}`;
  if (settings.loopback && URL.canParse(base) && isLoopback(new URL(base).hostname)) return base;
  throw notReady('no-public-url', 'No link can be mailed: the operator has to set PUBLIC_URL first.', 3_600);
}
