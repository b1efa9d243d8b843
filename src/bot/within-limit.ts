import type { Clock } from '#core/clock.ts';
import type { AnyCommand } from '#core/command.ts';
import type { Rate } from '#core/limits.ts';
import { rateTable } from '#core/rate.ts';

/** How often people may use commands. */
export interface WithinLimit {
  /** Seconds until the person may use the command again; 0 for now. */
  wait(account: string, command: AnyCommand): number;
  /** Counts one use. */
  use(account: string, command: AnyCommand): void;
}

/** Each command's own limit, and `all` over every command of a person. */
export function withinLimit(all: Rate, clock: Clock): WithinLimit {
  const table = rateTable(clock);
  const keyOf = (account: string, command: AnyCommand): string => `${account} ${command.name}`;
  return {
    wait: (account, command) => Math.max(table.wait(account, all), table.wait(keyOf(account, command), command.limit)),
    use(account, command) {
      table.use(account, all);
      table.use(keyOf(account, command), command.limit);
    },
  };
}
