import pg from 'pg';
import { AppError, badRequest } from '#core/errors.ts';

/** The database cannot be reached, or is not able to answer in time: 503. The cause is what PostgreSQL or the network said. */
export class DatabaseAway extends AppError {
  constructor(cause: unknown) {
    const detail = 'The database cannot be reached just now. Try again in a few seconds.';
    super({ status: 503, code: 'not-ready', detail, fault: 'ours', retryAfter: 5 });
    this.cause = cause;
  }
}

/** The text holds U+0000, which PostgreSQL keeps nowhere; SQLite does. https://www.postgresql.org/docs/current/datatype-character.html */
export function isUnkeepable(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '22021';
}

/** 400: the caller's own text, whatever it was meant for. */
export function unkeepable(): AppError {
  return badRequest('bad-text', 'The text holds a character that cannot be kept.');
}

/** What a connection met: whether it means that the database is away, and whether the connection is of use any more. */
export function lookAt(error: unknown): { away: boolean; broken: boolean } {
  // What the server did not say was said by the network, or by us before anything was sent.
  if (!(error instanceof pg.DatabaseError)) return { away: !isOurMistake(error), broken: true };
  const { code = '', severity } = error;
  const ended = severity === 'FATAL' || severity === 'PANIC';
  return { away: ended || UNABLE.test(code), broken: ended || STALE.has(code) };
}

/**
 * What an error of a transaction means for it. `again`: it lost a race and is worth running again. `away`: the database
 * is. `wrong`: a statement or a work is.
 */
export function meaningOf(error: unknown): 'again' | 'away' | 'wrong' {
  if (error instanceof DatabaseAway) return 'away';
  return error instanceof pg.DatabaseError && COLLIDED.has(error.code ?? '') ? 'again' : 'wrong';
}

/** Whether a row is there already that may be there once. */
export function isTaken(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '23505';
}

/** Serialization failure and deadlock. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const COLLIDED = new Set(['40001', '40P01']);

/**
 * Connection lost (08), out of disk, memory or connections (53), statement or lock time-out and shutting down (57, 55P03),
 * idle for too long (25P03), a server that became read-only (25006), damage below PostgreSQL (58).
 */
const UNABLE = /^(?:08|53|57|58)|^55P03$|^25P03$|^25006$/;

/** A kept plan is not what it was: the next connection makes it anew. */
const STALE = new Set(['0A000', '26000']);

function isOurMistake(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError;
}
