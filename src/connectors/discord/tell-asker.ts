import { whisper, type Address } from '#core/message.ts';
import type { PlatformLog } from '#core/platform.ts';
import { answerSlash } from './answer-slash.ts';
import { faultOf } from './faults.ts';
import { sendDirect, sendMessage, tokenOf, type Outgoing, type Post } from './post.ts';
import { plain } from './write.ts';

/** Says one sentence to the asker alone, tried once, outside of the queue. What goes wrong with it is only logged. */
export async function tellAsker(post: Post, log: PlatformLog, to: Address, words: string): Promise<void> {
  const token = tokenOf(to);
  const name = `notice:${token?.interaction ?? to.via?.['message'] ?? ''}`;
  const cause = { account: to.account, name: '', text: '' };
  const answer = { to, final: true, reply: whisper(words), cause };
  const out: Outgoing = { answer, part: plain(words), index: 0, name };
  try {
    if (token) await answerSlash(post, token, out);
    else if (to.via?.['guild'] === undefined) await sendMessage(post, to.room ?? '', out);
    else await sendDirect(post, out);
  } catch (error) {
    const { code, words: why } = faultOf(error);
    log.warn({ platform: 'discord', code }, `an asker could not be told what went wrong: ${why}`);
  }
}
