import { optional, text, word } from '#core/arguments.ts';
import { command, type AnyCommand } from '#core/command.ts';
import { LIMITS } from '#core/limits.ts';
import { whisper, type IncomingMessage } from '#core/message.ts';
import type { Act, Moderation } from '#core/moderation.ts';
import { TEXTS } from './texts.ts';
import { TIME, minutesOf, timeBefore } from './time.ts';

const person = word(TEXTS.person, /^\S{1,100}$/);
const reason = optional(text(TEXTS.reason, LIMITS.reasonText));
const FOR_MODERATORS = { allow: 'moderator', token: 'manage', limit: { uses: 60, perSeconds: 60 } } as const;

/** What is done to people. */
export function peopleCommands(port: () => Moderation): AnyCommand[] {
  const actOf = async (message: IncomingMessage, typed: string, why: string | undefined): Promise<Act> => {
    const { community, from, who } = message;
    const whom = await port().find({ community, platform: from.platform, typed });
    return { by: { account: who.account, role: who.role, community }, whom, reason: why ?? TEXTS.noReason };
  };
  return [
    command({
      name: 'mute',
      summary: TEXTS.mute,
      args: { person, time: word(TEXTS.time, TIME), reason },
      example: '/mute @rook 10m too loud',
      ...FOR_MODERATORS,
      async run({ message, args }) {
        const minutes = minutesOf(args.time);
        const done = await port().mute({ ...(await actOf(message, args.person, args.reason)), minutes });
        return whisper(TEXTS.muted(done.name, args.time, done.platforms));
      },
    }),
    command({
      name: 'unmute',
      summary: TEXTS.unmute,
      args: { person, reason },
      example: '/unmute @rook',
      ...FOR_MODERATORS,
      async run({ message, args }) {
        const done = await port().lift({ ...(await actOf(message, args.person, args.reason)), kind: 'mute' });
        return whisper(TEXTS.unmuted(done.name, done.platforms));
      },
    }),
    command({
      name: 'kick',
      summary: TEXTS.kick,
      args: { person, reason },
      example: '/kick @rook third warning',
      ...FOR_MODERATORS,
      async run({ message, args }) {
        const done = await port().kick(await actOf(message, args.person, args.reason));
        return whisper(TEXTS.kicked(done.name, done.platforms));
      },
    }),
    ...banCommands(port, actOf),
  ];
}

function banCommands(
  port: () => Moderation,
  actOf: (message: IncomingMessage, typed: string, why: string | undefined) => Promise<Act>,
): AnyCommand[] {
  return [
    command({
      name: 'ban',
      summary: TEXTS.ban,
      args: { person, reason },
      example: '/ban @rook 7d advertising',
      ...FOR_MODERATORS,
      async run({ message, args }) {
        const { time, reason: why } = timeBefore(args.reason);
        const minutes = time === undefined ? {} : { minutes: minutesOf(time) };
        const done = await port().ban({ ...(await actOf(message, args.person, why)), ...minutes });
        return whisper(TEXTS.banned(done.name, time, done.platforms));
      },
    }),
    command({
      name: 'unban',
      summary: TEXTS.unban,
      args: { person, reason },
      example: '/unban @rook',
      ...FOR_MODERATORS,
      async run({ message, args }) {
        const done = await port().lift({ ...(await actOf(message, args.person, args.reason)), kind: 'ban' });
        return whisper(TEXTS.unbanned(done.name, done.platforms));
      },
    }),
  ];
}
