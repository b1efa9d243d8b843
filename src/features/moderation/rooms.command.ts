import { choice, optional, whole, word } from '#core/arguments.ts';
import { command, type AnyCommand } from '#core/command.ts';
import { badRequest } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { whisper } from '#core/message.ts';
import type { Moderation } from '#core/moderation.ts';
import { TEXTS } from './texts.ts';
import { TIME, minutesOf } from './time.ts';

/** What is done to a room or the whole community. */
export function roomCommands(port: () => Moderation): AnyCommand[] {
  return [
    command({
      name: 'slow',
      summary: TEXTS.slow,
      args: { seconds: whole(TEXTS.seconds, 0, LIMITS.slowSeconds) },
      example: '/slow 30',
      allow: 'moderator',
      token: 'manage',
      limit: { uses: 20, perSeconds: 60 },
      async run({ message: { community, from, who }, args: { seconds } }) {
        if (from.room === undefined) throw badRequest('bad-argument', TEXTS.noRoom);
        const by = { account: who.account, role: who.role, community };
        await port().slow({ by, place: { platform: from.platform, room: from.room }, seconds });
        return whisper(TEXTS.slowed(seconds));
      },
    }),
    command({
      name: 'lockdown',
      summary: TEXTS.lockdown,
      args: { state: choice(TEXTS.state, ['on', 'off']), time: optional(word(TEXTS.time, TIME)) },
      example: '/lockdown on 2h',
      allow: 'moderator',
      token: 'manage',
      limit: { uses: 20, perSeconds: 60 },
      async run({ message: { community, who }, args: { state, time } }) {
        const by = { account: who.account, role: who.role, community };
        const minutes = time === undefined ? {} : { minutes: minutesOf(time) };
        await port().lockDown({ by, on: state === 'on', ...minutes });
        return whisper(state === 'on' ? TEXTS.locked(time) : TEXTS.unlocked);
      },
    }),
  ];
}
