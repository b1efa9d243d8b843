import { isSecret } from '#core/arguments.ts';
import type { AnyCommand } from '#core/command.ts';
import { LIMIT, OPTION, type InteractionPayload, type OptionPayload } from './discord.external.ts';

export interface Choice {
  name: string;
  value: string | number;
}

/** What the command's own argument offers for what is typed so far. Never throws: without an idea there are no choices. */
export function complete(asked: InteractionPayload, commands: ReadonlyMap<string, AnyCommand>): Choice[] {
  const option = asked.data?.options?.find((one) => one.focused);
  const command = commands.get(asked.data?.name ?? '');
  if (!option || !command) return [];
  try {
    return suggestions(command, option)
      .filter(fits)
      .slice(0, LIMIT.choices)
      .map((name) => choice(name, option));
  } catch {
    return [];
  }
}

function suggestions(command: AnyCommand, option: OptionPayload): readonly string[] {
  const argument = Object.hasOwn(command.args, option.name) ? command.args[option.name] : undefined;
  if (argument && isSecret(argument)) return [];
  const typed = String(option.value ?? '');
  if (argument?.suggest) return argument.suggest(typed);
  const wanted = typed.toLowerCase();
  return (argument?.choices ?? []).filter((one) => one.toLowerCase().includes(wanted));
}

function fits(name: string): boolean {
  return name !== '' && name.length <= LIMIT.choiceText;
}

function choice(name: string, option: OptionPayload): Choice {
  return { name, value: option.type === OPTION.whole ? Number(name) : name };
}
