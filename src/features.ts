import { connectCommand, type Connect } from '#bot/connect-command.ts';
import { helpCommand, type HelpParts } from '#bot/help-command.ts';
import { linkCommands, type Linking } from '#bot/link-command.ts';
import type { AnyCommand } from '#core/command.ts';
import type { Feature } from '#core/feature.ts';
import type { Moderation } from '#core/moderation.ts';
import { moderationFeature } from '#features/moderation/index.ts';
import { stockFeature } from '#features/stock/index.ts';
import { verifyFeature, type VerifyParts } from '#features/verify/index.ts';
import type { Config } from './config.ts';

/** What features are given, asked for when a command runs. */
export interface FeaturePorts {
  moderation(): Moderation;
  verify(): VerifyParts;
}

/** For programs that look at commands and run none, such as the command line. */
const NONE: FeaturePorts = { moderation: notHere, verify: notHere };

function notHere(): never {
  throw new Error('No commands are run here.');
}

/** The features of this hall. Deleting a line deletes the feature. */
export function features(config: Config, ports = NONE): Feature[] {
  return [moderationFeature(ports.moderation), verifyFeature(ports.verify), stockFeature(fetch, config.STOCK_URL)];
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
