import { setTimeout as pause } from 'node:timers/promises';
import type { Channel, ReturnedMessage } from 'rabbitmq-client';
import { LIMITS } from '#core/limits.ts';
import { LastingChannel } from './rabbit-channel.ts';
import type { Layout, QueueLayout } from './rabbit-layout.ts';
import type { Link } from './rabbit-link.ts';
import { declare } from './rabbit-topology.ts';

/** One message for a durable queue. */
export interface Outbound {
  exchange: string;
  routingKey: string;
  /** The same for each publishing of the same message. */
  id: string;
  /** JSON text. */
  body: string;
  headers?: Record<string, string | number | boolean>;
  /** Where it goes. It is seen to that this queue is there before the first message goes to it. */
  queue?: QueueLayout;
}

/**
 * Publishes on one AMQP channel, to each queue in the order of the calls, many at once, each confirmed by the broker. It
 * keeps nothing: where the broker is away or full, or the connection is lost before the confirm, the call rejects, and the
 * message may have arrived or not.
 */
export class Publisher {
  readonly #link: Link;
  readonly #layout: Layout;
  readonly #channel: LastingChannel;
  /** By their numbers, in the order of the calls. */
  readonly #pending = new Map<string, Pending>();
  readonly #lanes = new Map<string, Lane>();
  readonly #sweep: NodeJS.Timeout;
  #confirmed: string[] = [];
  #count = 0;

  constructor(link: Link, layout: Layout) {
    this.#link = link;
    this.#layout = layout;
    this.#channel = new LastingChannel(link, {
      setUp: (channel) => this.#setUp(channel),
      lost: () => this.#lost(),
    });
    this.#sweep = setInterval(() => this.#lookForSilence(), SILENCE_MS / 4);
    this.#sweep.unref();
  }

  /** Why nothing can be published just now. */
  get why(): string | undefined {
    return this.#channel.why ?? this.#link.why;
  }

  ready(): Promise<void> {
    return this.#channel.ready();
  }

  onUp(listener: () => void): void {
    this.#channel.onOpen(listener);
    // A broker that was full has room again.
    this.#link.onUp(() => {
      if (this.#channel.open) listener();
    });
  }

  send(message: Outbound): Promise<void> {
    const why = this.#pending.size < LIMITS.outboxInFlight ? this.why : 'too much is under way';
    if (why !== undefined) return Promise.reject(new Error(`Not published: ${why}.`));
    return new Promise((resolve, reject) => {
      const number = String(++this.#count);
      this.#pending.set(number, { message, resolve, reject, at: performance.now(), returned: false });
      this.#enter(number, message.queue);
    });
  }

  /** Waits for the confirms under way, `graceMs` at most. */
  async close(graceMs: number): Promise<void> {
    clearInterval(this.#sweep);
    const end = performance.now() + graceMs;
    while (this.#pending.size > 0 && performance.now() < end) await pause(5);
    this.#lost();
    await this.#channel.close();
  }

  async #setUp(channel: Channel): Promise<void> {
    const { work, retry, retries, dead } = this.#layout;
    const exchanges = [work, retry].map((exchange) => ({ exchange, durable: true }));
    await declare(this.#link, { exchanges, queues: [...retries, dead] });
    channel.on('basic.return', (message: ReturnedMessage) => this.#returned(message));
    await channel.confirmSelect();
  }

  /** What waits for the same queue keeps its order. */
  #enter(number: string, queue: QueueLayout | undefined): void {
    if (!queue) return this.#write(number);
    const lane = this.#lanes.get(queue.queue);
    if (lane?.isOpen) this.#write(number);
    else if (lane) lane.waiting.push(number);
    else this.#openLane(queue, number);
  }

  #openLane(queue: QueueLayout, number: string): void {
    const lane: Lane = { isOpen: false, waiting: [number] };
    this.#lanes.set(queue.queue, lane);
    declare(this.#link, { queues: [queue] }).then(
      () => {
        lane.isOpen = true;
        for (const one of lane.waiting) this.#write(one);
      },
      (error: Error) => {
        if (this.#lanes.get(queue.queue) === lane) this.#lanes.delete(queue.queue);
        for (const one of lane.waiting) this.#refuse(one, error);
      },
    );
  }

  /** Nothing, where the message was rejected while it waited. */
  #write(number: string): void {
    const { message } = this.#pending.get(number) ?? {};
    const channel = this.#channel.open;
    if (!message || !channel) return;
    const { exchange, routingKey, id, headers, body } = message;
    channel
      .basicPublish(
        { ...PROPERTIES, exchange, routingKey, messageId: id, correlationId: number, ...(headers && { headers }) },
        Buffer.from(body),
      )
      .then(
        () => this.#confirm(number),
        (error: Error) => this.#refuse(number, error),
      );
  }

  /** A message that found no queue comes back before its confirm, but is told one turn of the loop later. */
  #confirm(number: string): void {
    if (this.#confirmed.push(number) === 1) setImmediate(() => this.#settle());
  }

  #settle(): void {
    for (const number of this.#confirmed.splice(0)) {
      const pending = this.#pending.get(number);
      if (!pending) continue;
      if (pending.returned) this.#refuse(number, new Error(`No queue takes ${pending.message.routingKey}.`));
      else pending.resolve();
      this.#pending.delete(number);
    }
  }

  /** Somebody deleted the queue: it is made again with the next message to it. */
  #returned({ correlationId = '' }: ReturnedMessage): void {
    const pending = this.#pending.get(correlationId);
    if (!pending) return;
    pending.returned = true;
    this.#lanes.delete(pending.message.queue?.queue ?? '');
  }

  #refuse(number: string, cause: Error): void {
    this.#pending.get(number)?.reject(new Error(`Not published: ${cause.message}`, { cause }));
    this.#pending.delete(number);
  }

  /** Told here and not by the library, which forgets what is written in the same turn in which the connection ends. */
  #lost(): void {
    this.#lanes.clear();
    for (const number of this.#pending.keys())
      this.#refuse(number, new Error('the connection to the broker was lost.'));
  }

  #lookForSilence(): void {
    const [oldest] = this.#pending.values();
    if (oldest && this.#link.up && performance.now() - oldest.at > SILENCE_MS) {
      this.#lost();
      this.#channel.renew();
    }
  }
}

interface Pending {
  message: Outbound;
  resolve(): void;
  reject(error: Error): void;
  at: number;
  returned: boolean;
}

/** One queue on this channel. */
interface Lane {
  isOpen: boolean;
  waiting: string[];
}

/** ms without a confirm of a broker that is there and takes messages: a queue has lost its leader, say. */
const SILENCE_MS = 20_000;

/** Persistent; returned where no queue takes it. With an encoding the library leaves the bytes as they are. */
const PROPERTIES = { durable: true, mandatory: true, contentType: 'application/json', contentEncoding: 'utf-8' };
