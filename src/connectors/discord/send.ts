import { TryLater, type OutboundQueue } from '#bus/outbound-queue.ts';
import type { OutgoingMessage } from '#core/message.ts';
import type { Deliveries, PlatformLog } from '#core/platform.ts';
import { answerLine } from './answer-message.ts';
import { answerSlash } from './answer-slash.ts';
import { backoff, type Backoff } from './backoff.ts';
import { CODE, NO_ENTRY } from './discord.external.ts';
import { ClosedDirect, tokenOf, type Outgoing, type Post } from './post.ts';
import { faultOf, type Fault } from './faults.ts';
import type { Health } from './health.ts';
import { tellAsker } from './tell-asker.ts';
import { TEXTS } from './texts.ts';
import { write, type Part } from './write.ts';

export interface Sender {
  post: Post;
  queue: OutboundQueue;
  deliveries: Deliveries;
  health: Health;
  log: PlatformLog;
  backoff: Backoff;
}

/**
 * Puts an answer into the lane of its room, one step for each message that it takes; nothing is awaited before that. It ends
 * when all of them are noted as delivered, which the next answer in the lane does not wait for.
 */
export async function send(sender: Sender, answer: OutgoingMessage, again: boolean): Promise<void> {
  const parts = write(answer.reply);
  const delivery: Delivery = { answer, again, refused: false, tries: 0, noted: undefined };
  const steps = parts.map((part, index) => () => step(sender, delivery, part, index));
  await sender.queue.send(answer.to.room ?? answer.to.account, steps);
  await delivery.noted;
}

/** An answer on its way. */
interface Delivery {
  answer: OutgoingMessage;
  /** It may have been sent before. */
  again: boolean;
  /** Discord refused a part for good: the others are not tried. */
  refused: boolean;
  /** Of the part under way. */
  tries: number;
  /** Ends when the last part that was sent is noted as delivered. */
  noted: Promise<void> | undefined;
}

async function step(sender: Sender, delivery: Delivery, part: Part, index: number): Promise<void> {
  const { answer } = delivery;
  const name = `${answer.id}:${answer.n}:${index}`;
  // Of one answer at most one message is on its way that is not noted.
  if (delivery.noted) await delivery.noted;
  if (delivery.again && (await sender.deliveries.wasSent(name))) return;
  if (!delivery.refused) await carry(sender, delivery, { answer, part, index, name });
  delivery.noted = sender.deliveries.record(name);
  // Whoever waits for it is told; nobody may wait any more where the queue was stopped.
  delivery.noted.catch(() => undefined);
}

async function carry(sender: Sender, delivery: Delivery, out: Outgoing): Promise<void> {
  if (sender.health.refused) throw new TryLater(TOKEN_WAIT_MS, { everywhere: true });
  const token = tokenOf(delivery.answer.to);
  try {
    await (token ? answerSlash(sender.post, token, out) : answerLine(sender.post, out));
    sender.health.counts.sent++;
    delivery.tries = 0;
  } catch (error) {
    await failed(sender, delivery, { out, error });
  }
}

/** ms. A refused token is mended by a new start only; the answers wait for it. */
const TOKEN_WAIT_MS = 60_000;

/** Throws `TryLater` where another try may do; else the answer is given up. */
async function failed(
  sender: Sender,
  delivery: Delivery,
  { out, error }: { out: Outgoing; error: unknown },
): Promise<void> {
  if (error instanceof TryLater) throw error;
  // A mistake of ours is not the platform's: it would come again and again.
  if (error instanceof TypeError || error instanceof RangeError) throw error;
  const { health, log } = sender;
  const closed = error instanceof ClosedDirect;
  const fault: Fault = closed ? CLOSED_DIRECT : faultOf(error);
  if (fault.kind === 'token') {
    health.set('refused', TEXTS.badToken, fault.code);
    throw new TryLater(TOKEN_WAIT_MS, { everywhere: true });
  }
  const facts = { platform: 'discord', code: fault.code, room: out.answer.to.room, answer: out.name };
  if (fault.kind === 'later') {
    if (fault.ms === undefined && delivery.tries === 0) log.warn(facts, `an answer has to wait: ${fault.words}`);
    throw new TryLater(fault.ms ?? backoff(sender.backoff, delivery.tries++), { everywhere: fault.everywhere });
  }
  delivery.refused = true;
  health.counts.refused++;
  log.warn(facts, `Discord refused an answer for good: ${fault.words}`);
  const { to, final } = out.answer;
  if (final && !closed) await tellAsker(sender.post, log, to, TEXTS.notAnswered(whyOf(fault)));
}

const CLOSED_DIRECT: Fault = { kind: 'refused', code: CODE.closedDirect, words: 'the person takes no direct messages' };

function whyOf({ code, words }: Fault): string {
  if (code === CODE.unknownChannel) return TEXTS.channelGone;
  return typeof code === 'number' && NO_ENTRY.has(code) ? TEXTS.noEntry : TEXTS.discordSays(code, words);
}
