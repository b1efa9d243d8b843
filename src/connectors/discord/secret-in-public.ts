import { LIMITS } from '#core/limits.ts';
import { whisper, type IncomingMessage } from '#core/message.ts';
import type { ConnectorPorts, PlatformActions } from '#core/platform.ts';
import { findSecretOrSlip } from '#core/secret-arguments.ts';
import { sparing } from '#core/sparing.ts';
import { faultOf } from './faults.ts';
import { ClosedDirect, sendDirect, sendMessage, type Outgoing, type Post } from './post.ts';
import { TEXTS } from './texts.ts';
import { plain } from './write.ts';

export interface RefusalOptions {
  ports: Pick<ConnectorPorts, 'commands' | 'log' | 'clock'>;
  post: Post;
  actions: Pick<PlatformActions, 'deleteMessage'>;
}

/**
 * Refuses a command that takes a secret where others read the line, which is deleted; the writer is told, once in a while.
 * Resolves to whether it was one. Never throws.
 */
export function secretInPublic({
  ports,
  post,
  actions,
}: RefusalOptions): (message: IncomingMessage) => Promise<boolean> {
  const mayTell = sparing(LIMITS.noticeEvery, LIMITS.rateKeys);
  return async ({ ask, from }) => {
    const asked = from.via?.['guild'] === undefined ? undefined : findSecretOrSlip(ask, ports.commands);
    if (!asked) return false;
    const { name } = asked.command;
    const gone = asked.given && (await deleted(actions, from));
    ports.log.warn({ platform: 'discord', command: name, deleted: gone }, TEXTS.secret.log);
    if (!mayTell(from.account, ports.clock())) return true;
    const words = asked.given ? TEXTS.secret[gone ? 'deleted' : 'stays'](name) : TEXTS.secret.notHere(name);
    const out: Outgoing = {
      answer: { to: from, final: true, reply: whisper(words), cause: { account: from.account, name: '', text: '' } },
      part: plain(words),
      index: 0,
      name: `secret:${from.via?.['message'] ?? ''}`,
    };
    await tell(post, out).catch((error: unknown) => {
      const { code, words: why } = faultOf(error);
      ports.log.warn({ platform: 'discord', code }, `an asker could not be told what went wrong: ${why}`);
    });
    return true;
  };
}

async function deleted(
  actions: RefusalOptions['actions'],
  { room, via = {} }: IncomingMessage['from'],
): Promise<boolean> {
  const target = { space: via['guild'] ?? '', ...(room !== undefined && { room }), message: via['message'] ?? '' };
  return actions.deleteMessage(target).then(
    () => true,
    () => false,
  );
}

/** Who takes no direct messages is told in the channel: the words hold nothing of the secret. */
async function tell(post: Post, out: Outgoing): Promise<void> {
  try {
    await sendDirect(post, out);
  } catch (error) {
    if (!(error instanceof ClosedDirect)) throw error;
    const { room = '', account } = out.answer.to;
    const words = `<@${account.slice(account.indexOf(':') + 1)}> ${out.answer.reply.text}`;
    await sendMessage(post, room, { ...out, part: plain(words) });
  }
}
