import { answerMessage } from '#bot/answer-message.ts';
import { whyBarred } from '#bot/barred.ts';
import { answerKeeper } from '#bot/keep-answer.ts';
import { withinLimit } from '#bot/within-limit.ts';
import { incomingParts } from '#bus/bus.ts';
import { shareParts } from '#cluster/part-shares.ts';
import type { IncomingMessage } from '#core/message.ts';
import { readCommandSetting } from '#storage/command-settings.ts';
import { findUse } from '#storage/command-uses.ts';
import { readChosen } from '#storage/feature-settings.ts';
import type { Part, Site } from './site.ts';

/** Roles that answer commands. */
const BOTS = ['all', 'bot'];

/** The bot: takes what people ask from the bus, in the order of each room, and answers it. */
export function botPart(site: Site): Part {
  const { id, storage, bus, clock, config, commands, rates, logger } = site;
  const spine = {
    commands,
    settings: (community: string, name: string) => readCommandSetting(storage.db, community, name),
    chosen: (community: string, feature: string) => readChosen(storage.db, community, feature),
    barred: (message: IncomingMessage) => whyBarred(storage.db, message, clock()),
    within: withinLimit(config.COMMAND_LIMIT, { clock, rates, find: (key) => findUse(storage.db, key) }),
    keep: answerKeeper(storage, clock),
    onFailure: (command: string, err: unknown): void => logger.error({ command, err }, 'a command failed'),
  };
  const channels = incomingParts(bus.parts);
  const handler = (body: unknown): Promise<void> => answerMessage(spine, body as IncomingMessage);
  const shares = shareParts({ bus, self: id, channels, handler });
  return {
    health: () => [],
    seen: (all) => shares.seen(all.filter(({ role }) => BOTS.includes(role)).map((one) => one.id)),
    stop: (graceMs) => shares.stop(graceMs),
  };
}
