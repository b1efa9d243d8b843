import type { Clock } from '#core/clock.ts';
import { hasOwnPace } from '#core/command-setting.ts';
import { tooFast, type AppError } from '#core/errors.ts';
import type { Rate } from '#core/limits.ts';
import { rateTable } from '#core/rate.ts';
import { named } from '#core/styled.ts';
import { overLimit, ownPace, type Counted, type FindUse, type Use } from './own-pace.ts';
import { TEXTS } from './texts.ts';
import { toldOnce, type Tell } from './told-once.ts';

/** How often people may use commands. `refusal` and `use` look at one moment: nothing may be awaited between them. */
export interface WithinLimit {
  /** Fetches what is remembered of this person's uses. Needed before `refusal` where the community set a pace of its own. */
  recall(use: Use): Promise<void>;
  /** Why not now, with the seconds to wait; undefined where it is within all limits. */
  refusal(use: Use): AppError | undefined;
  /** Counts one use. Gives what must be kept with the answer, where it outlives a restart. */
  use(use: Use): Counted | undefined;
  /** Whether somebody who was refused is told so. Counts the telling. */
  tell: Tell;
}

/** `all` over every command of a person, and each command's own limit or what the community set in its place. */
export function withinLimit(all: Rate, clock: Clock, find: FindUse): WithinLimit {
  const table = rateTable(clock);
  const own = ownPace(clock, find);
  const ofAll = (wait: number): AppError => tooFast(wait, TEXTS.allRule(all));
  return {
    tell: toldOnce(all, clock),
    recall: (use) => own.recall(use),
    refusal(use) {
      const wait = table.wait(use.who.account, all);
      const refusal = hasOwnPace(use.setting)
        ? own.refusal(use)
        : overDeclared(use, table.wait(keyOf(use), use.command.limit));
      // Of two reasons to wait the one that lasts longer, so that nobody waits twice.
      return wait > (refusal?.retryAfter ?? 0) ? ofAll(wait) : refusal;
    },
    use(use) {
      table.use(use.who.account, all);
      if (hasOwnPace(use.setting)) return own.use(use);
      table.use(keyOf(use), use.command.limit);
      return undefined;
    },
  };
}

function keyOf({ who, command }: Use): string {
  return `${who.account} ${command.name}`;
}

function overDeclared({ command, style }: Use, wait: number): AppError | undefined {
  return wait > 0 ? overLimit(named(command, style), command.limit, wait) : undefined;
}
