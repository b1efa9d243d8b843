import type { Clock } from '#core/clock.ts';
import type { AnyCommand } from '#core/command.ts';
import type { Rate } from '#core/limits.ts';
import { rateTable } from '#core/rate.ts';

/** Counts one use. Seconds to wait where the person has none left, else 0. */
export type WithinLimit = (account: string, command: AnyCommand) => number;

/** Each command's own limit, and `all` over every command of a person. */
export function withinLimit(all: Rate, clock: Clock): WithinLimit {
  const table = rateTable(clock);
  return (account, command) => {
    const wait = Math.max(table.wait(account, all), table.wait(`${account} ${command.name}`, command.limit));
    if (wait > 0) return wait;
    table.use(account, all);
    table.use(`${account} ${command.name}`, command.limit);
    return 0;
  };
}
