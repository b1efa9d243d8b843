import { AppError } from './errors.ts';

/** What holds against somebody in a community. */
export interface Standing {
  kind: 'mute' | 'ban';
  reason: string;
  /** ms since 1970; null: until somebody lifts it. */
  until: number | null;
}

/** Seconds after which somebody is told anew of what has no end. */
const NO_END = 86_400;

/** 403 `muted` or `banned`: why, until when, and who can change it. */
export function standingRefusal({ kind, reason, until }: Standing, now: number): AppError {
  const [code, what] = kind === 'ban' ? ['banned', 'banned here'] : ['muted', 'muted'];
  const end = until === null ? '' : ` until ${utc(until)}`;
  return new AppError({
    status: 403,
    code,
    detail: `You are ${what}${end}: ${reason}`,
    rule: `${code}${end}; a moderator can lift it`,
    retryAfter: until === null ? NO_END : Math.min(NO_END, Math.max(1, Math.ceil((until - now) / 1_000))),
  });
}

function utc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
