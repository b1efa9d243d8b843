import { faultOf } from './faults.ts';
import { TEXTS } from './texts.ts';
import { ClosedDirect, sendDirect, sendMessage, type Outgoing, type Post } from './post.ts';
import { plain } from './write.ts';

/**
 * Answers a line. In a direct channel everything is private anyway. In a guild a private answer goes to the asker directly;
 * what comes before it is shown as typing.
 */
export async function answerLine(post: Post, out: Outgoing): Promise<void> {
  const { to, reply, final } = out.answer;
  const { room = '', via = {} } = to;
  if (via['guild'] === undefined) return sendMessage(post, room, out);
  if (!reply.private) return sendMessage(post, room, out, out.index === 0 ? via['message'] : undefined);
  if (final) return answerPrivately(post, out);
  if (out.index === 0) await showTyping(post, room);
}

/** A sign that something comes, and no more: what goes wrong with it is let be. */
async function showTyping(post: Post, room: string): Promise<void> {
  if (Date.now() < post.noTypingUntil) return;
  try {
    await post.calls.typing(room);
  } catch (error) {
    const fault = faultOf(error);
    if (fault.kind === 'later' && fault.ms) post.noTypingUntil = Date.now() + fault.ms;
  }
}

/** A person who takes no direct messages is told so where they asked, without a word of the answer. */
async function answerPrivately(post: Post, out: Outgoing): Promise<void> {
  try {
    await sendDirect(post, out);
  } catch (error) {
    if (!(error instanceof ClosedDirect)) throw error;
    if (out.index > 0) return;
    const { to, cause } = out.answer;
    const command = /^\/?([^\s=]*)/.exec(cause.text)?.[1] ?? '';
    const hint = { ...out, part: plain(TEXTS.openDirect(command)) };
    await sendMessage(post, to.room ?? '', hint, to.via?.['message']);
  }
}
