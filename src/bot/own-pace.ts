import type { Clock } from '#core/clock.ts';
import { AppError } from '#core/errors.ts';
import { LIMITS, type Rate } from '#core/limits.ts';
import { secondsLeft } from '#core/rate.ts';
import { named } from '#core/styled.ts';
import type { CommandUse, UseCount, UseKey } from '#storage/command-uses.ts';
import type { Wish } from './may-run.ts';
import { TEXTS } from './texts.ts';

/** One use of a command that somebody asks for, and where. */
export interface Use extends Wish {
  community: string;
}

/** What is remembered of somebody's uses; undefined for none. */
export type FindUse = (key: UseKey) => Promise<UseCount | undefined>;

/** A use that was counted. */
export interface Counted {
  /** What must be kept in the commit that keeps the answer. */
  use: CommandUse;
  /** Takes the use back: its answer was not kept, or had been before. */
  giveBack(): void;
}

export interface OwnPace {
  recall(use: Use): Promise<void>;
  refusal(use: Use): AppError | undefined;
  use(use: Use): Counted;
}

/**
 * Uses of commands whose cooldown or limit a community set itself. What counts is here, so that two commands at once
 * cannot both be the last one; the database only remembers it over a restart. Bounded: who was asked for longest ago goes,
 * and is recalled.
 */
export function ownPace(clock: Clock, find: FindUse): OwnPace {
  const counts = new Map<string, UseCount>();

  return {
    async recall(use) {
      const key = keyOf(use);
      const name = nameOf(key);
      const found = counts.get(name) ?? (await find(key)) ?? NONE;
      // Somebody else may have recalled or counted meanwhile: then theirs is the newer one.
      const count = counts.get(name) ?? found;
      counts.delete(name);
      counts.set(name, count);
      if (counts.size > LIMITS.rateKeys) counts.delete(counts.keys().next().value as string);
    },
    refusal(use) {
      const { command, setting, style } = use;
      const { cooldownSeconds = 0, limit: rate = command.limit } = setting ?? {};
      const count = counts.get(nameOf(keyOf(use))) ?? NONE;
      const cooldown = secondsLeft(count.lastAt, cooldownSeconds, clock());
      const window = count.used < rate.uses ? 0 : secondsLeft(count.windowStart, rate.perSeconds, clock());
      if (cooldown === 0 && window === 0) return undefined;
      const what = named(command, style);
      return window > cooldown ? overLimit(what, rate, window) : coolingDown(what, cooldownSeconds, cooldown);
    },
    use(use) {
      const key = keyOf(use);
      const name = nameOf(key);
      const before = counts.get(name) ?? NONE;
      const count = oneMore(before, use.setting?.limit ?? use.command.limit, clock());
      counts.set(name, count);
      const giveBack = (): void => {
        const now = counts.get(name);
        if (now) counts.set(name, now === count ? before : oneLess(now, count));
      };
      return { use: { ...key, ...count }, giveBack };
    },
  };
}

/** So long ago that nothing is left of it. */
const NONE: UseCount = { windowStart: -Infinity, used: 0, lastAt: -Infinity };

function keyOf({ community, command, who }: Use): UseKey {
  return { community, command: command.name, person: who.account };
}

function nameOf({ community, command, person }: UseKey): string {
  return `${community} ${command} ${person}`;
}

function oneMore(count: UseCount, { perSeconds }: Rate, now: number): UseCount {
  const inside = secondsLeft(count.windowStart, perSeconds, now) > 0;
  return { windowStart: inside ? count.windowStart : now, used: inside ? count.used + 1 : 1, lastAt: now };
}

/** Another use came after the one that is taken back: the window has one less, the last use stays. */
function oneLess(now: UseCount, taken: UseCount): UseCount {
  return now.windowStart === taken.windowStart ? { ...now, used: now.used - 1 } : now;
}

function coolingDown(what: string, seconds: number, wait: number): AppError {
  return later(TEXTS.cooldown(what, seconds, wait), TEXTS.cooldownRule(what, seconds), wait);
}

/** The refusal where a command's uses are used up, with the seconds to wait. */
export function overLimit(what: string, rate: Rate, wait: number): AppError {
  return later(TEXTS.limit(what, rate, wait), TEXTS.limitRule(what, rate), wait);
}

function later(detail: string, rule: string, retryAfter: number): AppError {
  return new AppError({ status: 429, code: 'too-fast', detail, rule, retryAfter });
}
