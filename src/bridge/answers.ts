import { setTimeout as pause } from 'node:timers/promises';
import type { AsyncMessage, Channel } from 'rabbitmq-client';
import { LastingChannel } from '#bus/rabbit-channel.ts';
import { wordsOf, type Link } from '#bus/rabbit-link.ts';
import type { Publisher } from '#bus/rabbit-publisher.ts';
import { declare } from '#bus/rabbit-topology.ts';
import { AppError } from '#core/errors.ts';
import type { PlatformLog } from '#core/platform.ts';
import { ANSWER_MOST } from './read-answer.ts';
import { REFUSED, type StockLayout } from './stock-layout.ts';
import type { Taken } from './take-answer.ts';

export interface AnswersParts {
  link: Link;
  publisher: Publisher;
  /** The exchange that leads to the refused. */
  work: string;
  layout: StockLayout;
  log: PlatformLog;
  /** Ends a job by what the bot said; rejects where that cannot be known yet. */
  take(text: string): Promise<Taken>;
}

/** Takes what the bot says, with the other workers. Each message is acknowledged when it ended a job, or lies with the refused. */
export class Answers {
  readonly #parts: AnswersParts;
  readonly #amqp: LastingChannel;
  readonly #running = new Set<Promise<void>>();
  #stopping = false;
  #refused = 0;
  #toldAt = -Infinity;

  constructor(parts: AnswersParts) {
    this.#parts = parts;
    this.#amqp = new LastingChannel(parts.link, { setUp: (channel) => this.#setUp(channel) });
  }

  /** Why none come just now. */
  get why(): string | undefined {
    return this.#amqp.why;
  }

  ready(): Promise<void> {
    return this.#amqp.ready();
  }

  /** What is not done after `graceMs` goes to another worker. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    await Promise.race([Promise.all(this.#running), pause(graceMs, undefined, { ref: false })]);
    await this.#amqp.close();
  }

  async #setUp(amqp: Channel): Promise<void> {
    const { link, layout, work } = this.#parts;
    const exchanges = [work, layout.exchange].map((exchange) => ({ exchange, durable: true }));
    await declare(link, { exchanges, queues: [layout.refused, layout.answers] });
    await amqp.basicQos({ prefetchCount: AT_ONCE });
    // The queue was deleted: another channel makes it again.
    amqp.once('basic.cancel', () => void amqp.close());
    await amqp.basicConsume({ queue: layout.answers.queue }, (message) => {
      if (this.#stopping) return;
      const running = this.#run(amqp, message).finally(() => this.#running.delete(running));
      this.#running.add(running);
    });
  }

  async #run(amqp: Channel, message: AsyncMessage): Promise<void> {
    const text = textOf(message.body);
    const taken = await this.#take(amqp, text);
    if (!taken || ('refused' in taken && !(await this.#refuse(amqp, text, taken.refused)))) return;
    if (amqp.active) amqp.basicAck({ deliveryTag: message.deliveryTag });
  }

  /** Tries until it is known what becomes of it; undefined where it comes again to somebody. */
  async #take(amqp: Channel, text: string): Promise<Taken | undefined> {
    for (let tries = 1; amqp.active; tries++) {
      try {
        return await this.#parts.take(text);
      } catch (error) {
        const isAway = error instanceof AppError && error.status === 503;
        if (!isAway) this.#parts.log.error({ err: error, tries }, 'an answer of the stock bot could not be taken');
        if (!isAway && tries >= TRIES) return { refused: `could not be taken: ${wordsOf(error)}` };
      }
      if (this.#stopping) return undefined;
      await pause(AGAIN_MS, undefined, { ref: false });
    }
    return undefined;
  }

  /** False where it could not be laid with the refused, and comes again to somebody. */
  async #refuse(amqp: Channel, text: string, reason: string): Promise<boolean> {
    this.#tell(reason);
    const { publisher, work, layout } = this.#parts;
    const headers = { reason: reason.slice(0, REASON), at: new Date().toISOString() };
    const message = { exchange: work, routingKey: REFUSED, queue: layout.refused, headers };
    while (amqp.active) {
      const sent = await publisher.send({ ...message, id: '', body: text.slice(0, ANSWER_MOST) }).then(
        () => true,
        () => false,
      );
      if (sent || this.#stopping) return sent;
      await pause(AGAIN_MS, undefined, { ref: false });
    }
    return false;
  }

  /** Now and then: a bot may send any number of them. */
  #tell(reason: string): void {
    this.#refused++;
    if (performance.now() - this.#toldAt < TELL_MS) return;
    this.#parts.log.warn({ reason, refused: this.#refused }, 'the stock bot sent what answers no request');
    this.#toldAt = performance.now();
    this.#refused = 0;
  }
}

/** Answers in hand at once: each is one commit. */
const AT_ONCE = 16;

/** ms before something is tried once more that failed just now. */
const AGAIN_MS = 1_000;

/** Tries of an answer that fails here by itself. */
const TRIES = 3;

/** ms between two lines in the log. */
const TELL_MS = 10_000;

/** Characters of a reason that go with an answer. */
const REASON = 500;

/** The library has read what calls itself text or JSON. */
function textOf(body: unknown): string {
  if (Buffer.isBuffer(body)) return body.subarray(0, ANSWER_MOST + 1).toString();
  if (typeof body === 'string') return body;
  try {
    return JSON.stringify(body) ?? '';
  } catch {
    return 'nested too deeply to be written again';
  }
}
