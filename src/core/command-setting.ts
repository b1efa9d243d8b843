import { z } from 'zod';
import type { AnyCommand } from './command.ts';
import { LIMITS, type Rate } from './limits.ts';
import { ROLES, type Role } from './roles.ts';

/** Who may run a command: the least role, or people by name, and then these alone. */
export type Allow = Role | string[];

/** What a community decided about one command. What is absent is as the command declares it. */
export interface CommandSetting {
  on: boolean;
  allow?: Allow;
  /** Seconds between two uses by one person. */
  cooldownSeconds?: number;
  /** Uses by one person, in place of the command's own limit. */
  limit?: Rate;
  /** What stands before the command's name on Twitch, in place of the channel's own. */
  symbol?: string;
}

/** What stands before a command's name on Twitch where nobody chose anything. */
export const DEFAULT_SYMBOL = '!';

/**
 * What may stand before a command's name: 1 to 3 characters that are no letters, digits, marks, blanks or control characters.
 * `/` and `.` begin Twitch's own commands: https://help.twitch.tv/s/article/chat-commands
 */
export const CommandSymbol = z
  .string()
  .regex(/^[^\p{L}\p{N}\p{M}\p{Z}\p{C}/.]{1,3}$/u, 'is 1 to 3 signs such as !, none of them a letter, a digit, / or .');

/** Somebody by name: a member's account, or a person on a platform as the bot knows them there. */
const Somebody = z
  .string()
  .regex(
    /^(acct_[0-9A-Z]{26}|(discord|slack|twitch):[\w.-]{1,64})$/,
    'is nobody: name people as acct_…, discord:ID, slack:ID or twitch:ID',
  );

const seconds = z.int().max(LIMITS.commandWindow);

/** A change of some fields. What is absent stays, null goes back to what the command declares. */
export const CommandChange = z.strictObject({
  on: z.boolean().nullish(),
  allow: z
    .union(
      [z.enum(ROLES), z.array(Somebody).min(1).max(LIMITS.commandPeople)],
      `is one of ${ROLES.join(', ')}, or a list of 1 to ${LIMITS.commandPeople} people: acct_…, discord:ID, slack:ID, twitch:ID`,
    )
    .nullish(),
  /** 0 is none. */
  cooldownSeconds: seconds.min(0).nullish(),
  limit: z.strictObject({ uses: z.int().min(1).max(LIMITS.commandUses), perSeconds: seconds.min(1) }).nullish(),
  symbol: CommandSymbol.nullish(),
});
export type CommandChange = z.infer<typeof CommandChange>;

/** The setting after a change. Each field is its own: two who change different ones do not undo each other. */
export function applyChange(setting: CommandSetting | undefined, change: CommandChange): CommandSetting {
  const allow = pick(change.allow, setting?.allow);
  const cooldownSeconds = pick(change.cooldownSeconds, setting?.cooldownSeconds);
  const limit = pick(change.limit, setting?.limit);
  const symbol = pick(change.symbol, setting?.symbol);
  return {
    on: pick(change.on, setting?.on) ?? true,
    ...(allow !== undefined && { allow: typeof allow === 'string' ? allow : [...new Set(allow)] }),
    ...(cooldownSeconds && { cooldownSeconds }),
    ...(limit && { limit }),
    ...(symbol !== undefined && { symbol }),
  };
}

function pick<T>(given: T | null | undefined, kept: T | undefined): T | undefined {
  return given === undefined ? kept : (given ?? undefined);
}

/** True where nothing differs from what the command declares. */
export function isAsDeclared({ on, ...rest }: CommandSetting): boolean {
  return on && Object.keys(rest).length === 0;
}

/** True where the community set a pace of its own: such uses are remembered over a restart. */
export function hasOwnPace(setting: CommandSetting | undefined): setting is CommandSetting {
  return setting !== undefined && (setting.cooldownSeconds !== undefined || setting.limit !== undefined);
}

/** A command as it holds in a community, beside what it declares. */
export interface CommandRules {
  name: string;
  summary: string;
  on: boolean;
  allow: Allow;
  /** Null for none. */
  cooldownSeconds: number | null;
  limit: Rate;
  /** Null for the channel's own. */
  symbol: string | null;
  declared: { allow: Role; limit: Rate };
}

export function rulesOf(command: AnyCommand, setting: CommandSetting | undefined): CommandRules {
  const { name, summary, allow, limit } = command;
  return {
    name,
    summary,
    on: setting?.on ?? true,
    allow: setting?.allow ?? allow,
    cooldownSeconds: setting?.cooldownSeconds ?? null,
    limit: setting?.limit ?? limit,
    symbol: setting?.symbol ?? null,
    declared: { allow, limit },
  };
}
