import { LIMITS } from '#core/limits.ts';
import type { ConnectorPorts, PlatformActions } from '#core/platform.ts';
import { findSecretOrSlip } from '#core/secret-arguments.ts';
import { sparing } from '#core/sparing.ts';
import type { Asked } from './read.ts';
import { TEXTS } from './texts.ts';

export interface RefusalOptions {
  ports: Pick<ConnectorPorts, 'commands' | 'log' | 'clock'>;
  actions: Pick<PlatformActions, 'deleteMessage'>;
  team(): string;
  /** Tells the asker alone. Never throws. */
  tell(asked: Asked, words: string): Promise<unknown>;
}

/**
 * Refuses a command that takes a secret where others read the line. It is deleted where Slack lets us, which for the lines of
 * people it seldom does; the writer is told, once in a while. Undefined where it is none. Never rejects.
 */
export function secretInPublic({
  ports,
  actions,
  team,
  tell,
}: RefusalOptions): (asked: Asked) => Promise<void> | undefined {
  const mayTell = sparing(LIMITS.noticeEvery, LIMITS.rateKeys);
  return (asked) => {
    const found = isPublic(asked) ? findSecretOrSlip({ text: asked.text }, ports.commands) : undefined;
    return found && refuse(found.command.name, found.given, asked);
  };

  async function refuse(name: string, given: boolean, asked: Asked): Promise<void> {
    const message = asked.via['ts'] ?? '';
    const deleting = given
      ? actions.deleteMessage({ space: team(), room: asked.channel, message }).then(
          () => true,
          () => false,
        )
      : false;
    const gone = await deleting;
    ports.log.warn({ platform: 'slack', command: name, deleted: gone }, TEXTS.log.secret);
    if (!mayTell(asked.user, ports.clock())) return;
    await tell(asked, given ? TEXTS.secret[gone ? 'deleted' : 'stays'](name) : TEXTS.secret.notHere(name));
  }
}

/** A slash command and a direct message are seen by the writer alone. */
function isPublic({ isSlash, channel }: Asked): boolean {
  return !isSlash && !channel.startsWith('D');
}
