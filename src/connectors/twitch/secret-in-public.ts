import type { AnyCommand } from '#core/command.ts';
import { LIMITS } from '#core/limits.ts';
import type { ConnectorPorts, PlatformActions } from '#core/platform.ts';
import { sparing } from '#core/sparing.ts';
import { tagOf, type IrcLine } from './irc-line.ts';
import { spaceOf } from './read.ts';
import { TEXTS } from './texts.ts';

export interface RefusalOptions {
  ports: Pick<ConnectorPorts, 'log' | 'clock'>;
  actions: Pick<PlatformActions, 'deleteMessage'>;
  /** Says it in the line's channel, as an answer to it where it is still there. */
  tell(line: IrcLine, words: string, stays: boolean): void;
}

/**
 * Refuses a command that takes a secret: all that is typed in this chat is public. The line is deleted where the bot is a
 * moderator; the writer is told, once in a while. Never rejects. `given`: something stood behind the command's name.
 */
export function secretInPublic({ ports, actions, tell }: RefusalOptions) {
  const mayTell = sparing(LIMITS.noticeEvery, LIMITS.rateKeys);
  return async (line: IrcLine, { command, given }: { command: AnyCommand; given: boolean }): Promise<void> => {
    const message = tagOf(line.tags, 'id');
    const target = { space: spaceOf(line).platformId, message };
    const gone = given && (await actions.deleteMessage(target).then(succeeded, failed));
    ports.log.warn(
      { channel: line.target, command: command.name, deleted: gone },
      'twitch: a secret in chat was refused',
    );
    if (!mayTell(`${line.target} ${line.nick}`, ports.clock())) return;
    tell(line, given ? TEXTS.secret[gone ? 'deleted' : 'stays'] : TEXTS.secret.notHere, !gone);
  };
}

const succeeded = (): boolean => true;
const failed = (): boolean => false;
