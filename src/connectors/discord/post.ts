import type { Address, OutgoingMessage } from '#core/message.ts';
import type { Calls, Token } from './calls.ts';
import { CODE, NO_DIRECT } from './discord.external.ts';
import { codeOf } from './faults.ts';
import type { Interactions } from './interactions.ts';
import { messageBody, type Part } from './write.ts';

/** What carries answers out. */
export interface Post {
  calls: Calls;
  interactions: Interactions;
  /** Direct channels by person: asking for one is a request. */
  directs: Map<string, string>;
  /** No typing is shown before, ms since 1970. */
  noTypingUntil: number;
}

/** One message of an answer. `name` is the same for the same part, whoever sends it. */
export interface Outgoing {
  answer: Pick<OutgoingMessage, 'to' | 'final' | 'reply' | 'cause'>;
  part: Part;
  index: number;
  name: string;
}

/** The person did not let the bot write to them. */
export class ClosedDirect extends Error {}

/** An interaction's token, where the address is one of a slash command. */
export function tokenOf({ via }: Address): Token | undefined {
  if (via?.['interaction'] === undefined) return undefined;
  return { interaction: via['interaction'], token: via['token'] ?? '', app: via['app'] ?? '' };
}

/** Sends a message that answers the one named; where the bot may not read what was said before, one that stands alone. */
export async function sendMessage(post: Post, channel: string, out: Outgoing, answers?: string): Promise<void> {
  try {
    await post.calls.message(channel, messageBody(out.part, out.name, answers));
  } catch (error) {
    if (answers === undefined || codeOf(error) !== CODE.noHistory) throw error;
    await post.calls.message(channel, messageBody(out.part, out.name));
  }
}

/** Sends a direct message to the asker. Throws `ClosedDirect` where they take none. */
export async function sendDirect(post: Post, out: Outgoing): Promise<void> {
  const person = out.answer.to.account.slice(PREFIX.length);
  try {
    await sendMessage(post, await directWith(post, person), out);
  } catch (error) {
    const code = codeOf(error);
    if (code === CODE.unknownChannel) post.directs.delete(person);
    if (code !== undefined && NO_DIRECT.has(code)) throw new ClosedDirect();
    throw error;
  }
}

const PREFIX = 'discord:';

async function directWith({ calls, directs }: Post, person: string): Promise<string> {
  const known = directs.get(person);
  if (known !== undefined) return known;
  const { id } = await calls.direct(person);
  directs.set(person, id);
  if (directs.size > DIRECTS) directs.delete(directs.keys().next().value as string);
  return id;
}

/** Direct channels that are remembered. */
const DIRECTS = 1_000;
