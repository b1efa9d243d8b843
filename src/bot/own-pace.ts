import { AppError } from '#core/errors.ts';
import type { Rate } from '#core/limits.ts';
import type { NotTaken, RateUse, UseCount } from '#core/rate.ts';
import { named } from '#core/styled.ts';
import type { CommandUse, UseCount as KeptCount, UseKey } from '#storage/command-uses.ts';
import type { Wish } from './may-run.ts';
import { TEXTS } from './texts.ts';

/** One use of a command that somebody asks for, and where. */
export interface Use extends Wish {
  community: string;
}

/** What is remembered of somebody's uses; undefined for none. */
export type FindUse = (key: UseKey) => Promise<KeptCount | undefined>;

/**
 * A use of a command whose cooldown or limit a community set itself. It is counted with all others, so that two commands at
 * once cannot both be the last one, whichever bots run them; the database remembers it over a restart, and over the loss of what counts.
 */
export function paceOf(use: Use, find: FindUse): RateUse {
  const { command, setting } = use;
  const { cooldownSeconds = 0, limit: rate = command.limit } = setting ?? {};
  const key = keyOf(use);
  return {
    key: `pace ${key.community} ${key.command} ${key.person}`,
    rate,
    cooldownSeconds,
    recall: () => find(key),
  };
}

/** What must be kept in the commit that keeps the answer. */
export function keptUse(use: Use, { windowStart, used, lastAt }: UseCount): CommandUse {
  return { ...keyOf(use), windowStart, used, lastAt };
}

/** Which of the two holds it up: the cooldown, or the limit. */
export function paceRefusal({ command, setting, style }: Use, { wait, why }: Pick<NotTaken, 'wait' | 'why'>): AppError {
  const what = named(command, style);
  const { cooldownSeconds = 0, limit: rate = command.limit } = setting ?? {};
  if (why === 'rate') return overLimit(what, rate, wait);
  return later(TEXTS.cooldown(what, cooldownSeconds, wait), TEXTS.cooldownRule(what, cooldownSeconds), wait);
}

function keyOf({ community, command, who }: Use): UseKey {
  return { community, command: command.name, person: who.account };
}

/** The refusal where a command's uses are used up, with the seconds to wait. */
export function overLimit(what: string, rate: Rate, wait: number): AppError {
  return later(TEXTS.limit(what, rate, wait), TEXTS.limitRule(what, rate), wait);
}

function later(detail: string, rule: string, retryAfter: number): AppError {
  return new AppError({ status: 429, code: 'too-fast', detail, rule, retryAfter });
}
