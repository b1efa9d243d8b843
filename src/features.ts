import { helpCommand, type HelpParts } from '#bot/help-command.ts';
import type { AnyCommand } from '#core/command.ts';
import type { Feature } from '#core/feature.ts';
import { stockFeature } from '#features/stock/index.ts';
import type { Config } from './config.ts';

/** The features of this hall. Deleting a line deletes the feature. */
export function features(config: Config): Feature[] {
  return [stockFeature(fetch, config.STOCK_URL)];
}

/** Every command of the features by name, and `help`, which asks what a community decided about them. */
export function commandsOf(
  all: Feature[],
  settings: HelpParts['settings'] = async () => new Map(),
): Map<string, AnyCommand> {
  const commands = new Map<string, AnyCommand>();
  const help = helpCommand({ commands: () => commands.values(), settings });
  for (const one of [help, ...all.flatMap((feature) => feature.commands)]) commands.set(one.name, one);
  return commands;
}
