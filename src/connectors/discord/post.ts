import type { HeldPlaces } from '#bus/held-places.ts';
import { TryLater } from '#bus/outbound-queue.ts';
import type { Address, OutgoingMessage } from '#core/message.ts';
import type { Calls, Token } from './calls.ts';
import { CODE, NO_DIRECT } from './discord.external.ts';
import { codeOf, faultOf } from './faults.ts';
import type { Interactions } from './interactions.ts';
import { type Body, messageBody, type Part } from './write.ts';

/** What carries answers out. */
export interface Post {
  calls: Calls;
  interactions: Interactions;
  /** Direct channels by person: asking for one is a request. */
  directs: Map<string, string>;
  /**
   * Channels that were told to wait, and until when (ms of `performance.now()`). Several lanes write to one direct channel,
   * and the library forgets what the first request of a route was told.
   */
  held: HeldPlaces;
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
    await put(post, channel, messageBody(out.part, out.name, answers));
  } catch (error) {
    if (answers === undefined || codeOf(error) !== CODE.noHistory) throw error;
    await put(post, channel, messageBody(out.part, out.name));
  }
}

async function put({ calls, held }: Post, channel: string, body: Body): Promise<void> {
  const wait = held.rest(channel);
  if (wait > 0) throw new TryLater(wait);
  try {
    await calls.message(channel, body);
  } catch (error) {
    const fault = faultOf(error);
    if (fault.kind === 'later' && fault.ms !== undefined) held.hold(channel, fault.ms);
    throw error;
  }
}

/** The one that was noted first goes where there are too many: its wait is most likely over. */
function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value);
  if (map.size > REMEMBERED) map.delete(map.keys().next().value as string);
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
  keep(directs, person, id);
  return id;
}

/** Direct channels, and channels that wait, that are remembered. */
const REMEMBERED = 1_000;
