import type { AnyCommand } from '#core/command.ts';
import { refused, type AppError } from '#core/errors.ts';
import type { IncomingMessage } from '#core/message.ts';
import { whyNotRole } from '#core/permission.ts';
import { ROLES } from '#core/roles.ts';
import type { CommandSetting } from '#storage/command-settings.ts';
import { TEXTS } from './texts.ts';

/** A community's own table for a command; undefined where it left everything as declared. */
export type CommandSettings = (community: string, command: string) => Promise<CommandSetting | undefined>;

/** Why this person may not run the command; undefined where they may. The refusal names the rule and who can change it. */
export function mayRun(
  command: AnyCommand,
  message: IncomingMessage,
  setting: CommandSetting | undefined,
): AppError | undefined {
  const what = `/${command.name}`;
  if (setting && !setting.on)
    return refused('command-off', TEXTS.commandOff(what), `${what} is off; an admin or owner can change it`);
  const chosen = ROLES.find((role) => role === setting?.allow);
  return whyNotRole(message.who.role, chosen ?? command.allow, what);
}
