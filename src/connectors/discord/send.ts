import { orLater, TryLater, type OutboundQueue, type Step } from '#bus/outbound-queue.ts';
import { asAllowed, type OutgoingMessage } from '#core/message.ts';
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
export async function send(sender: Sender, given: OutgoingMessage, again: boolean): Promise<void> {
  const answer = asAllowed(given);
  const room = answer.to.room ?? answer.to.account;
  const delivery: Delivery = { answer, again, refused: false, tries: 0, note: undefined };
  await sender.queue.send(room, stepsOf(sender, delivery));
  // A note alone may go behind what came meanwhile.
  await delivery.note?.done.catch(() => sender.queue.send(room, [() => noted(sender, delivery)]));
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
  /** Of the last part that was sent: ends when it is noted as delivered. */
  note: { part: string; done: Promise<void> } | undefined;
}

/** One for each part. What cannot even be written is given up in its turn. */
function stepsOf(sender: Sender, delivery: Delivery): Step[] {
  try {
    return write(delivery.answer.reply).map((part, index) => () => step(sender, delivery, part, index));
  } catch (error) {
    return [() => giveUp(sender, delivery.answer, error)];
  }
}

async function step(sender: Sender, delivery: Delivery, part: Part, index: number): Promise<void> {
  const { answer } = delivery;
  const name = `${answer.id}:${answer.n}:${index}`;
  // Of one answer at most one message is on its way that is not noted.
  await noted(sender, delivery);
  if (delivery.again && (await orLater(sender.deliveries.wasSent(name)))) return;
  if (!delivery.refused) await carry(sender, delivery, { answer, part, index, name });
  note(sender, delivery, name);
}

function note(sender: Sender, delivery: Delivery, part: string): void {
  const done = sender.deliveries.record(part);
  // Whoever waits for it is told; nobody may wait any more where the queue was stopped.
  done.catch(() => undefined);
  delivery.note = { part, done };
}

/** Ends when what was sent is noted. Where it could not be it is noted anew, and looked at later. */
async function noted(sender: Sender, delivery: Delivery): Promise<void> {
  if (!delivery.note) return;
  const { part, done } = delivery.note;
  await orLater(done).catch((later: unknown) => {
    note(sender, delivery, part);
    throw later;
  });
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
  const { health, log } = sender;
  if (isOurs(error)) {
    delivery.refused = true;
    return giveUp(sender, out.answer, error, out.name);
  }
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

/** A mistake in our own code. The network's have a cause. */
function isOurs(error: unknown): boolean {
  return (error instanceof TypeError || error instanceof RangeError) && error.cause === undefined;
}

/** What a mistake of ours does not let out would come back without end: it is told once, and is over. */
async function giveUp(
  { post, health, log }: Sender,
  { to, final }: Pick<OutgoingMessage, 'to' | 'final'>,
  err: unknown,
  answer?: string,
): Promise<void> {
  health.counts.refused++;
  log.error({ platform: 'discord', err, room: to.room, answer }, 'an answer was given up by a mistake of ours');
  if (final) await tellAsker(post, log, to, TEXTS.notAnswered(TEXTS.ours));
}

const CLOSED_DIRECT: Fault = { kind: 'refused', code: CODE.closedDirect, words: 'the person takes no direct messages' };

function whyOf({ code, words }: Fault): string {
  if (code === CODE.unknownChannel) return TEXTS.channelGone;
  return typeof code === 'number' && NO_ENTRY.has(code) ? TEXTS.noEntry : TEXTS.discordSays(code, words);
}
