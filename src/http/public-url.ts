import type { FastifyRequest } from 'fastify';
import type { HallSettings } from './hall.ts';

/** Where this caller reaches us, without a slash at the end: `PUBLIC_URL`, else as the request says. */
export function publicUrlOf(request: FastifyRequest, settings: HallSettings): string {
  return settings.publicUrl ?? `${request.protocol}://${request.host}`;
}
