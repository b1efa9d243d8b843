import { randomBytes } from 'node:crypto';
import type { AsyncMessage, Channel } from 'rabbitmq-client';
import type { PlatformLog } from '#core/platform.ts';
import type { LiveChannel } from './bus.ts';
import { LastingChannel } from './rabbit-channel.ts';
import type { Layout } from './rabbit-layout.ts';
import type { Link } from './rabbit-link.ts';
import { declare } from './rabbit-topology.ts';

export interface LiveParts {
  /** To announce on, and to hear on. */
  out: Link;
  in: Link;
  layout: Layout;
  log: PlatformLog;
  /** This process: what it announced itself it has heard already. */
  process: string;
}

/**
 * Live fan-out. Listeners here hear at once; the others by one message for all that was announced in one turn of the
 * loop. Nothing is confirmed and nothing waits: while the broker is away what is announced is heard in this process only.
 */
export class Live {
  readonly #parts: LiveParts;
  readonly #out: LastingChannel;
  #in: LastingChannel | undefined;
  readonly #listeners: ((body: unknown) => void)[] = [];
  readonly #ups: (() => void)[] = [];
  #texts: string[] = [];
  #characters = 0;
  /** Messages handed to the socket and not written yet. */
  #unwritten = 0;
  /** Announcements that other processes never heard of. */
  dropped = 0;

  constructor(parts: LiveParts) {
    this.#parts = parts;
    this.#out = new LastingChannel(parts.out, { setUp: () => this.#declare(parts.out) });
    this.#out.onOpen(() => this.#tellUp());
  }

  get why(): string | undefined {
    return this.#out.why ?? this.#in?.why;
  }

  async ready(): Promise<void> {
    await Promise.all([this.#out.ready(), this.#in?.ready()]);
  }

  announce(channel: LiveChannel, body: unknown): void {
    const text = JSON.stringify(body);
    this.#tell(text);
    if (this.#texts.push(text) === 1) setImmediate(() => this.#flush(channel));
    if ((this.#characters += text.length) >= BATCH_CHARACTERS) this.#flush(channel);
  }

  listen(channel: LiveChannel, listener: (body: unknown) => void): void {
    this.#listeners.push(listener);
    if (this.#in) return;
    this.#in = new LastingChannel(this.#parts.in, { setUp: (amqp) => this.#hear(amqp, channel) });
    this.#in.onOpen(() => this.#tellUp());
  }

  /** Called when the way to the others, or from them, is there again. */
  onUp(listener: () => void): void {
    this.#ups.push(listener);
  }

  async close(): Promise<void> {
    this.#flush('rooms');
    await Promise.all([this.#out.close(), this.#in?.close()]);
  }

  #tellUp(): void {
    for (const listener of this.#ups) listener();
  }

  #tell(text: string): void {
    for (const listener of this.#listeners) {
      try {
        listener(JSON.parse(text));
      } catch (error) {
        this.#parts.log.error({ err: error }, 'a listener failed');
      }
    }
  }

  #flush(routingKey: LiveChannel): void {
    const texts = this.#texts.splice(0);
    this.#characters = 0;
    if (texts.length === 0) return;
    const channel = this.#parts.out.up ? this.#out.open : undefined;
    if (!channel || this.#unwritten >= UNWRITTEN) return void (this.dropped += texts.length);
    this.#unwritten++;
    const envelope = { exchange: this.#parts.layout.live, routingKey, appId: this.#parts.process, ...PROPERTIES };
    channel
      .basicPublish(envelope, Buffer.from(texts.join('\n')))
      .catch(() => void (this.dropped += texts.length))
      .finally(() => this.#unwritten--);
  }

  #declare(link: Link): Promise<void> {
    return declare(link, { exchanges: [{ exchange: this.#parts.layout.live, durable: false }] });
  }

  /** A queue for this connection alone, which goes with it. Another name each time: the broker may still hold the last one. */
  async #hear(amqp: Channel, routingKey: LiveChannel): Promise<void> {
    const { layout, process } = this.#parts;
    await this.#declare(this.#parts.in);
    const queue = `${layout.live}.${process}.${randomBytes(6).toString('hex')}`;
    await amqp.queueDeclare({ queue, exclusive: true, autoDelete: true, arguments: KEPT });
    await amqp.queueBind({ queue, exchange: layout.live, routingKey });
    // Whoever took the queue away, for whatever reason: a new channel makes a new one.
    amqp.once('basic.cancel', () => void amqp.close());
    await amqp.basicConsume({ queue, noAck: true }, (message) => this.#heard(message));
  }

  #heard({ appId, body }: AsyncMessage): void {
    if (appId === this.#parts.process) return;
    for (const text of String(body).split('\n')) this.#tell(text);
  }
}

/** Characters that are sent without waiting for the end of the turn: a frame of the broker's holds 128 KiB. */
const BATCH_CHARACTERS = 64 * 1024;

/** Messages that the socket may owe before what is announced is dropped: the broker does not keep up. */
const UNWRITTEN = 1_000;

/** What is kept for a process that does not read: a few seconds of a busy hall. It heals the rest by the rooms' numbers. */
const KEPT = { 'x-max-length': 20_000, 'x-max-length-bytes': 64 * 1024 * 1024 };

/** One JSON text a line. */
const PROPERTIES = { contentType: 'application/x-ndjson', contentEncoding: 'utf-8' };
