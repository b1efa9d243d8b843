import type { Feature } from '#core/feature.ts';
import type { Moderation } from '#core/moderation.ts';
import { peopleCommands } from './people.command.ts';
import { reportCommands } from './report.command.ts';
import { roomCommands } from './rooms.command.ts';

/** Order in the house by commands: `/mute @rook 10m`, `/ban`, `/slow 30`, `/lockdown on`, and `/report` for members, the same on every platform. */
export function moderationFeature(port: () => Moderation): Feature {
  return {
    name: 'moderation',
    commands: [...peopleCommands(port), ...roomCommands(port), ...reportCommands(port)],
    jobs: [],
    acts: ['timeOut', 'kick', 'ban', 'unban', 'slowMode', 'wordList'],
  };
}
