import type { Token } from './calls.ts';
import { CODE, NO_ENTRY, TOO_LATE } from './discord.external.ts';
import { codeOf, faultOf } from './faults.ts';
import type { Interaction } from './interactions.ts';
import { sendDirect, sendMessage, type Outgoing, type Post } from './post.ts';
import { callbackBody, editBody, followUpBody } from './write.ts';

/**
 * Answers a slash command. What can be done twice without harm comes first: Discord takes one callback, an edit stays one
 * answer, a channel message has a nonce. Only a second private message has nothing of the kind.
 */
export async function answerSlash(post: Post, token: Token, out: Outgoing): Promise<void> {
  const one = post.interactions.take(token);
  if (one.deferring || one.heldUntil > 0) await post.interactions.free(one);
  if (out.index === 0 && (one.standing === 'open' || one.standing === 'unknown')) {
    if (await callBack(post, one, out)) return;
  }
  try {
    await answerFurther(post, one, out);
  } catch (error) {
    if (!isTooLate(error)) throw error;
    one.standing = 'gone';
    await answerLate(post, out);
  }
}

/** The first answer. False where there was one before, or where it is too late for any. */
async function callBack({ calls, interactions }: Post, one: Interaction, out: Outgoing): Promise<boolean> {
  try {
    await calls.callback(one.to, callbackBody(out.part, out.answer.reply.private));
    one.standing = 'answered';
    one.ephemeral = out.answer.reply.private;
    return true;
  } catch (error) {
    if (isTooLate(error)) one.standing = 'gone';
    else if (codeOf(error) === CODE.alreadyAcknowledged) await interactions.look(one);
    else {
      // It may have been carried out and the answer lost: the next try finds out.
      one.standing = 'unknown';
      throw error;
    }
    return false;
  }
}

async function answerFurther(post: Post, one: Interaction, out: Outgoing): Promise<void> {
  if (one.standing === 'gone') return answerLate(post, out);
  if (out.index > 0) return out.answer.reply.private ? followUp(post, one, out) : sayInChannel(post, one, out);
  if (one.standing === 'deferred') return resolveDeferral(post, one, out);
  if (one.standing === 'answered' && one.ephemeral === out.answer.reply.private) return edit(post, one, out);
  return out.answer.reply.private ? followUp(post, one, out) : sayInChannel(post, one, out);
}

/** A deferral is the asker's alone. What comes before a public answer takes its place; the answer itself is for all to see. */
async function resolveDeferral(post: Post, one: Interaction, out: Outgoing): Promise<void> {
  if (out.answer.reply.private || !out.answer.final) return edit(post, one, out);
  await sayInChannel(post, one, out);
  if (one.standing === 'deferred') await drop(post, one);
}

/** Takes a deferral away that nothing will take the place of. One that is away already is as good. */
async function drop({ calls }: Post, one: Interaction): Promise<void> {
  try {
    await calls.drop(one.to);
  } catch (error) {
    if (faultOf(error).kind === 'later') throw error;
  }
  one.standing = 'none';
}

async function edit({ calls }: Post, one: Interaction, out: Outgoing): Promise<void> {
  await calls.edit(one.to, editBody(out.part));
  one.standing = 'answered';
}

async function followUp({ calls }: Post, one: Interaction, out: Outgoing): Promise<void> {
  await calls.followUp(one.to, followUpBody(out.part, out.answer.reply.private));
}

/**
 * As a message of its own; where the bot may not write, as a further answer to the command, which it always may. While there
 * is a deferral a further answer would take its place, and be the asker's alone.
 */
async function sayInChannel(post: Post, one: Interaction, out: Outgoing): Promise<void> {
  try {
    await sendMessage(post, out.answer.to.room ?? '', out);
  } catch (error) {
    if (!NO_ENTRY.has(codeOf(error) ?? 0)) throw error;
    if (one.standing === 'deferred') await drop(post, one);
    await followUp(post, one, out).catch((late: unknown) => {
      throw isTooLate(late) ? error : late;
    });
  }
}

/** The token is over: a public answer is said in the channel, a private one directly. */
function answerLate(post: Post, out: Outgoing): Promise<void> {
  return out.answer.reply.private ? sendDirect(post, out) : sendMessage(post, out.answer.to.room ?? '', out);
}

function isTooLate(error: unknown): boolean {
  return TOO_LATE.has(codeOf(error) ?? 0);
}
