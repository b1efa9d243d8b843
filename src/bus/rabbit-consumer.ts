import { setTimeout as pause } from 'node:timers/promises';
import type { AsyncMessage, Channel } from 'rabbitmq-client';
import type { PlatformLog } from '#core/platform.ts';
import type { DurableChannel, Handler, Subscription } from './bus.ts';
import { Stopped } from './outbound-queue.ts';
import { LastingChannel } from './rabbit-channel.ts';
import { verdictOn, type Verdict } from './rabbit-failure.ts';
import { againKey, DEAD, type Layout } from './rabbit-layout.ts';
import { atMost, HANG_UP_MS, type Link, wordsOf } from './rabbit-link.ts';
import { keyOf, type ChannelMemory, type Copy, type Work } from './rabbit-memory.ts';
import type { Publisher } from './rabbit-publisher.ts';
import { declare } from './rabbit-topology.ts';

export interface ConsumerParts {
  link: Link;
  layout: Layout;
  publisher: Publisher;
  log: PlatformLog;
  retryMs: readonly number[];
  channel: DurableChannel;
  memory: ChannelMemory;
  handler: Handler;
  atOnce: number;
}

/**
 * One taker of a durable channel. The broker gives it `atOnce` messages at a time; each is acknowledged when its handler
 * is done, or when what its failure leads to is confirmed. What is not acknowledged when the AMQP channel ends goes back
 * to its place in the queue.
 */
export class Consumer implements Subscription {
  readonly #parts: ConsumerParts;
  readonly #amqp: LastingChannel;
  readonly #running = new Set<Work>();
  /** The database is away: they wait here, in the order of arrival. */
  #held: Work[] = [];
  #holds = 0;
  #timer: NodeJS.Timeout | undefined;
  #places = 0;
  #done = 0;
  #stopping: Promise<void> | undefined;
  #ended = false;

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
    this.#amqp = new LastingChannel(parts.link, { setUp: (channel) => this.#setUp(channel) });
  }

  get why(): string | undefined {
    return this.#amqp.why;
  }

  ready(): Promise<void> {
    return this.#amqp.ready();
  }

  stop(graceMs: number): Promise<void> {
    return (this.#stopping ??= this.#stop(graceMs));
  }

  async #stop(graceMs: number): Promise<void> {
    clearTimeout(this.#timer);
    for (const work of this.#held.splice(0)) this.#parts.memory.leave(work, false);
    const end = performance.now() + graceMs;
    while (this.#running.size > 0 && performance.now() < end) await pause(5);
    this.#ended = true;
    for (const work of this.#running) this.#parts.memory.leave(work, false);
    // Not `basic.cancel`: the next taker would begin before what we give back stands in its place again.
    await atMost(this.#amqp.close(), HANG_UP_MS);
  }

  async #setUp(amqp: Channel): Promise<void> {
    const { link, layout, channel, atOnce } = this.#parts;
    const queue = layout.queueOf(channel);
    await declare(link, { queues: [queue] });
    await amqp.basicQos({ prefetchCount: atOnce });
    // The queue was deleted: another channel makes it again.
    amqp.once('basic.cancel', () => void amqp.close());
    await amqp.basicConsume({ queue: queue.queue }, (message) => this.#take(amqp, message));
  }

  #take(amqp: Channel, message: AsyncMessage): void {
    if (this.#stopping) return;
    const { memory } = this.#parts;
    const body = textOf(message.body);
    const key = keyOf(message.messageId, body);
    const copy = { channel: amqp, tag: message.deliveryTag };
    if (memory.isDone(key)) return acknowledge(copy);
    const same = memory.inHand(key);
    if (same) return void (same.copies = [...same.copies.filter(({ channel }) => channel.active), copy]);
    const work = { ...workOf(message), key, body, copies: [copy], place: ++this.#places };
    memory.take(work);
    // What fails behind one that waits must not overtake it.
    if (this.#held.length > 0) this.#held.push(work);
    else this.#begin(work);
  }

  #begin(work: Work): void {
    this.#running.add(work);
    void this.#run(work).finally(() => this.#running.delete(work));
  }

  async #run(work: Work): Promise<void> {
    try {
      await this.#parts.handler(JSON.parse(work.body), { again: work.again });
    } catch (error) {
      return this.#failed(work, error);
    }
    this.#done++;
    this.#holds = 0;
    this.#finish(work);
  }

  #finish(work: Work): void {
    this.#parts.memory.leave(work, true);
    for (const copy of work.copies) acknowledge(copy);
  }

  async #failed(work: Work, error: unknown): Promise<void> {
    const { memory, log, channel } = this.#parts;
    // It goes back when the AMQP channel closes, and stands where it stood.
    if (this.#stopping || error instanceof Stopped) return memory.leave(work, false);
    const alone = work.held >= ALONE_AFTER && this.#done > work.doneThen;
    const verdict = verdictOn(error, { tries: work.tries + 1, alone });
    if (verdict === 'hold') return this.#hold(work, error);
    const facts = { err: error, channel, tries: work.tries + 1 };
    if (verdict === 'dead') log.error(facts, 'a message was given up');
    else log.warn(facts, 'a message was handed back');
    await this.#passOn(work, verdict, error);
  }

  /** For the shortest pause at first and the next one from then on, a little more or less: people wait for the answers. */
  #hold(work: Work, error: unknown): void {
    const { log, channel } = this.#parts;
    if (this.#held.length === 0 && this.#holds === 0)
      log.warn({ err: error, channel }, 'messages wait for the database');
    Object.assign(work, { again: true, held: work.held + 1, doneThen: this.#done });
    this.#held.push(work);
    if (this.#timer) return;
    const ms = this.#parts.retryMs[Math.min(this.#holds++, 1)] ?? 0;
    this.#timer = setTimeout(() => this.#resume(), ms * (0.75 + Math.random() / 2));
  }

  #resume(): void {
    this.#timer = undefined;
    for (const work of this.#held.splice(0).toSorted((one, other) => one.place - other.place)) this.#begin(work);
  }

  /** To where it waits for its next try, or to those given up; over and over while the broker does not take it. */
  async #passOn(work: Work, verdict: Verdict, error: unknown): Promise<void> {
    while (!(await this.#sent(work, verdict, error))) {
      await pause(PASS_ON_AGAIN_MS, undefined, { ref: false });
      // Without a channel it comes once more by itself.
      if (this.#ended || !work.copies.some((copy) => copy.channel.active)) return this.#parts.memory.leave(work, false);
    }
    this.#parts.memory.leave(work, false);
    for (const copy of work.copies) acknowledge(copy);
  }

  #sent(work: Work, verdict: Verdict, error: unknown): Promise<boolean> {
    const { layout, publisher, channel, retryMs } = this.#parts;
    const { id, body } = work;
    const tries = work.tries + 1;
    const ms = retryMs[Math.min(tries, retryMs.length) - 1] ?? 0;
    const message =
      verdict === 'dead'
        ? { exchange: layout.work, routingKey: DEAD, headers: deadHeaders(channel, tries, error) }
        : { exchange: layout.retry, routingKey: againKey(channel, ms), headers: { tries } };
    return publisher.send({ ...message, id, body }).then(
      () => true,
      () => false,
    );
  }
}

/** Times that a message is held before it is asked whether it is the only one: the end of an outage finds many half done. */
const ALONE_AFTER = 3;

/** ms. The broker took no message just now. */
const PASS_ON_AGAIN_MS = 1_000;

/** Characters of an error that go with a message that is given up. */
const REASON = 500;

function workOf({
  messageId = '',
  headers,
  redelivered,
}: AsyncMessage): Omit<Work, 'key' | 'body' | 'copies' | 'place'> {
  const tries = Number(headers?.['tries'] ?? 0);
  const again = redelivered || tries > 0 || headers?.['again'] === true;
  return { id: messageId, tries, again, held: 0, doneThen: 0 };
}

function textOf(body: unknown): string {
  if (Buffer.isBuffer(body)) return body.toString();
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function deadHeaders(channel: DurableChannel, tries: number, error: unknown): Record<string, string | number> {
  return { channel, tries, reason: wordsOf(error).slice(0, REASON), at: new Date().toISOString() };
}

/** Of no use on a channel that is closed: the message comes once more. */
function acknowledge({ channel, tag }: Copy): void {
  if (channel.active) channel.basicAck({ deliveryTag: tag });
}
