import { AppError } from '#core/errors.ts';
import { TRIES } from './rabbit-layout.ts';

/**
 * What becomes of a message that a handler threw on. hold: our database is away, so it keeps its place and is tried here
 * until it is back, and what comes behind it waits: it would fail too, and the order stays. later: something else was not
 * ready, it comes again for as long as that lasts. again: it comes again some times. dead: given up.
 */
export type Verdict = 'hold' | 'later' | 'again' | 'dead';

export interface Attempts {
  /** How often it was tried, this time included; the tries of `hold` are not counted. */
  tries: number;
  /** Others were handled while it was held over and over: it is not the database. */
  alone: boolean;
}

export function verdictOn(error: unknown, { tries, alone }: Attempts): Verdict {
  if (error instanceof AppError && error.status === 503) return isDatabaseAway(error) && !alone ? 'hold' : 'later';
  return tries < TRIES ? 'again' : 'dead';
}

/** Told by the codes of what storage throws: `not-stored` where a commit failed, `not-ready` where nothing could be read. */
function isDatabaseAway({ code, fault }: AppError): boolean {
  return fault === 'ours' && (code === 'not-stored' || code === 'not-ready');
}
