import type { FastifyReply, FastifyRequest } from 'fastify';
import { LIMITS } from '#core/limits.ts';
import type { HallSettings } from './hall.ts';

type Https = Pick<HallSettings, 'https'>;

/** Keeps a sealed attempt (`beginAttempt`) in the browser while it is at another service. A later one takes its place. */
export function setAttempt(reply: FastifyReply, sealed: string, settings: Https): void {
  void reply.setCookie(nameOf(settings), sealed, { ...optionsOf(settings), maxAge: LIMITS.attemptSeconds });
}

/** The sealed attempt that the browser brought back. */
export function attemptOf(request: FastifyRequest, settings: Https): string | undefined {
  return request.cookies[nameOf(settings)];
}

export function clearAttempt(reply: FastifyReply, settings: Https): void {
  void reply.clearCookie(nameOf(settings), optionsOf(settings));
}

function nameOf({ https }: Https): string {
  return https ? '__Host-guildhall-attempt' : 'guildhall-attempt';
}

/** Lax: the browser comes back by a link from the other service, and must bring it along. */
function optionsOf({ https }: Https) {
  return { path: '/', httpOnly: true, sameSite: 'lax', secure: https } as const;
}
