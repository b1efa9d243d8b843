import { connectCommand, type Connect } from '#bot/connect-command.ts';
import { helpCommand, type HelpParts } from '#bot/help-command.ts';
import { linkCommands, type Linking } from '#bot/link-command.ts';
import type { AnyCommand } from '#core/command.ts';
import type { Feature } from '#core/feature.ts';
import { stockFeature } from '#features/stock/index.ts';
import type { Config } from './config.ts';

/** The features of this hall. Deleting a line deletes the feature. */
export function features(config: Config): Feature[] {
  return [stockFeature(fetch, config.STOCK_URL)];
}

/** What the bot's own commands do. */
export interface Own {
  linking: Linking;
  connect: Connect;
}

/** Every command of the features by name, those of the bot itself, and `help`, which asks what a community decided about them. */
export function commandsOf(
  all: Feature[],
  settings: HelpParts['settings'] = async () => new Map(),
  own?: Own,
): Map<string, AnyCommand> {
  const commands = new Map<string, AnyCommand>();
  const help = helpCommand({ commands: () => commands.values(), settings });
  const links = linkCommands(() => own?.linking ?? notRunning());
  const connect = connectCommand((message, typed) => (own?.connect ?? notRunning())(message, typed));
  for (const one of [help, connect, ...links, ...all.flatMap((feature) => feature.commands)])
    commands.set(one.name, one);
  return commands;
}

/** The command line knows the commands, and runs none. */
function notRunning(): never {
  throw new Error('the bot does not run here');
}
