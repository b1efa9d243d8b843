import { badRequest } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { TEXTS } from './texts.ts';

const MINUTES = { m: 1, h: 60, d: 1_440 };
export const TIME = /^(\d{1,6})([mhd])?$/i;

/** Minutes of `10m`, `2h`, `7d`; a bare number means minutes. */
export function minutesOf(typed: string): number {
  const [, count, unit = 'm'] = TIME.exec(typed) ?? [];
  const minutes = Number(count) * MINUTES[unit.toLowerCase() as keyof typeof MINUTES];
  if (count === undefined || minutes < 1 || minutes > LIMITS.sanctionMinutes)
    throw badRequest('bad-argument', TEXTS.badTime(typed));
  return minutes;
}

/** A time that may stand before a reason: `7d spam`. */
export function timeBefore(words: string | undefined): { time?: string; reason: string } {
  const [, first = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(words?.trim() ?? '') ?? [];
  const timed = /^\d+[mhd]$/i.test(first);
  const reason = (timed ? rest : (words ?? '')).trim() || TEXTS.noReason;
  return timed ? { time: first, reason } : { reason };
}
