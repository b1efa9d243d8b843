import type { Clock } from '#core/clock.ts';
import { hasOwnPace } from '#core/command-setting.ts';
import { tooFast, type AppError } from '#core/errors.ts';
import type { Rate } from '#core/limits.ts';
import type { NotTaken, RateStore, RateUse, Taken } from '#core/rate.ts';
import { named } from '#core/styled.ts';
import type { CommandUse } from '#storage/command-uses.ts';
import { keptUse, overLimit, paceOf, paceRefusal, type FindUse, type Use } from './own-pace.ts';
import { TEXTS } from './texts.ts';
import { toldOnce, type Tell } from './told-once.ts';
import { writtenRefusals, type WriteRefusal } from './written-refusals.ts';

/** How often people may use commands. */
export interface WithinLimit {
  /** Counts one use by all limits at once, or none. */
  take(use: Use): Promise<Taken | NotTaken>;
  /** Why a use was not counted, with the seconds to wait. */
  refusal(use: Use, not: NotTaken): AppError;
  /** What must be kept in the commit that keeps the answer; undefined where it need not outlive a restart. */
  kept(use: Use, taken: Taken): CommandUse | undefined;
  /** Whether somebody who was refused is told so. Counts the telling. */
  tell: Tell;
  /** Whether a refusal is written down. Counts the writing. */
  write: WriteRefusal;
}

export interface WithinLimitParts {
  rates: RateStore;
  clock: Clock;
  /** Reads what the database remembers where a community set the pace. */
  find: FindUse;
}

/** `all` over every command of a person, and each command's own limit or what the community set in its place. */
export function withinLimit(all: Rate, { rates, clock, find }: WithinLimitParts): WithinLimit {
  return {
    tell: toldOnce(all, { rates, clock }),
    write: writtenRefusals(rates),
    // The command's own comes first: of two waits that are as long it is the one that is told. Keys are made with every command:
    // these are bare, as a person's id has no blank in it and other keys begin with a word.
    take: (use) => rates.take([ownOf(use, find), { key: use.who.account, rate: all }]),
    refusal(use, { which, wait, why }) {
      if (which > 0) return tooFast(wait, TEXTS.allRule(all));
      if (hasOwnPace(use.setting)) return paceRefusal(use, { wait, why });
      return overLimit(named(use.command, use.style), use.command.limit, wait);
    },
    kept(use, { counts: [own] }) {
      return own && hasOwnPace(use.setting) ? keptUse(use, own) : undefined;
    },
  };
}

function ownOf(use: Use, find: FindUse): RateUse {
  if (hasOwnPace(use.setting)) return paceOf(use, find);
  return { key: `${use.who.account} ${use.command.name}`, rate: use.command.limit };
}
