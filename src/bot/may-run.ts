import type { AnyCommand } from '#core/command.ts';
import type { CommandSetting } from '#core/command-setting.ts';
import { refused, type AppError } from '#core/errors.ts';
import type { Style } from '#core/message.ts';
import { whyNotNamed, whyNotRole, type Actor } from '#core/permission.ts';
import { named } from '#core/styled.ts';
import { TEXTS } from './texts.ts';

/** What a community decided about a command; undefined where it left everything as declared. */
export type CommandSettings = (community: string, command: string) => Promise<CommandSetting | undefined>;

/** A command that somebody wants to run: what the rules ask about. */
export interface Wish {
  who: Asking;
  command: AnyCommand;
  /** What the community decided about it. */
  setting: CommandSetting | undefined;
  /** How commands are written where it was asked. */
  style?: Style | undefined;
}

/** `identity`: the name on a platform by which they ask, where the account is linked to it. */
export interface Asking extends Actor {
  identity?: string;
  disabled?: true;
}

/** Why this person may not run the command; undefined where they may. The refusal names the rule and who can change it. */
export function mayRun(wish: Wish): AppError | undefined {
  for (const why of Object.values(CHECKS)) {
    const refusal = why(wish);
    if (refusal) return refusal;
  }
  return undefined;
}

/** What is asked of whoever wants to run a command, in this order. */
export const CHECKS = {
  account: ({ who }: Wish) =>
    who.disabled ? refused('account-disabled', TEXTS.disabled, TEXTS.disabledRule) : undefined,
  on: whyOff,
  who: whyNotThem,
};

function whyOff({ setting, command, style }: Wish): AppError | undefined {
  const what = named(command, style);
  return setting?.on === false ? refused('command-off', TEXTS.commandOff(what), TEXTS.commandOffRule(what)) : undefined;
}

function whyNotThem({ who, setting, command, style }: Wish): AppError | undefined {
  const what = named(command, style);
  const allow = setting?.allow ?? command.allow;
  if (typeof allow !== 'string') return whyNotNamed(namesOf(who), allow, what);
  const refusal = whyNotRole(who.role, allow, what);
  return refusal && refused(refusal.code, TEXTS.forRole(what, allow, who.role), refusal.rule ?? what);
}

/** A community may have named the account, or the person on a platform from before it was linked. */
function namesOf({ account, identity }: Asking): string[] {
  return identity === undefined ? [account] : [account, identity];
}

/** Platforms of our own: there is no place of somebody else's. */
export const OURS: ReadonlySet<string> = new Set(['webchat', 'http']);

/** Of these commands those that are of use on a platform. */
export function offeredOn(platform: string, commands: Iterable<AnyCommand>): AnyCommand[] {
  return OURS.has(platform) ? [...commands].filter(({ elsewhere }) => !elsewhere) : [...commands];
}

/** Of these commands those that somebody may use in a community, as it decided. */
export function usable(
  commands: Iterable<AnyCommand>,
  who: Asking,
  decided: ReadonlyMap<string, CommandSetting>,
): AnyCommand[] {
  return [...commands].filter((command) => !mayRun({ who, command, setting: decided.get(command.name) }));
}
