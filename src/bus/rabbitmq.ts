import { LIMITS } from '#core/limits.ts';
import type { PlatformLog } from '#core/platform.ts';
import type { Bus, BusHealth, DurableChannel, Handler, Subscription } from './bus.ts';
import { Consumer } from './rabbit-consumer.ts';
import { DEFAULT_NAME, layoutOf, PARTS, RETRY_MS, type Layout } from './rabbit-layout.ts';
import { atMost, HANG_UP_MS, Link } from './rabbit-link.ts';
import { Live } from './rabbit-live.ts';
import { ChannelMemory } from './rabbit-memory.ts';
import { Publisher } from './rabbit-publisher.ts';

export interface RabbitBusOptions {
  /** `amqp:` on this machine, `amqps:` anywhere. */
  url: string;
  /** The authority that signed the broker's certificate, PEM. */
  ca?: string;
  /** Begins the name of all that the bus has in the broker: several installations may share one. */
  name?: string;
  /** This process, by a name that no other has. */
  process: string;
  logger: PlatformLog;
  /** ms between the tries of a message; for tests. */
  retryMs?: readonly number[];
}

/**
 * The bus over RabbitMQ, for several processes. Returns at once and connects by itself, again and again. What was
 * published is safe when the broker confirmed it; what comes is acknowledged when it was handled. Throws where the address
 * is none.
 */
export function rabbitBus(options: RabbitBusOptions): Bus {
  return new RabbitBus(options);
}

class RabbitBus implements Bus {
  readonly parts = PARTS;
  readonly #options: RabbitBusOptions;
  readonly #layout: Layout;
  /** A broker that is full stops reading from who publishes; it must still hear that messages were handled. */
  readonly #out: Link;
  readonly #in: Link;
  readonly #publisher: Publisher;
  readonly #live: Live;
  readonly #memories = new Map<DurableChannel, ChannelMemory>();
  readonly #consumers = new Set<Consumer>();
  readonly #listeners: (() => void)[] = [];
  #ids = 0;
  #closed = false;

  constructor(options: RabbitBusOptions) {
    const { url, ca, name = DEFAULT_NAME, process, logger: log } = options;
    this.#options = options;
    this.#layout = layoutOf(name, options.retryMs);
    const link = { url, log, ...(ca !== undefined && { ca }) };
    this.#out = new Link({ ...link, label: `${process} out` });
    this.#in = new Link({ ...link, label: `${process} in` });
    this.#publisher = new Publisher(this.#out, this.#layout);
    this.#live = new Live({ out: this.#out, in: this.#in, layout: this.#layout, log, process });
    for (const part of [this.#publisher, this.#live]) part.onUp(() => this.#tellUp());
  }

  publish(channel: DurableChannel, body: string, again = false, id = this.#nextId()): Promise<void> {
    if (this.#closed) return Promise.reject(busClosed());
    return this.#publisher.send({
      exchange: this.#layout.work,
      routingKey: channel,
      queue: this.#layout.queueOf(channel),
      id,
      body,
      ...(again && { headers: { again } }),
    });
  }

  subscribe(channel: DurableChannel, handler: Handler, atOnce: number = LIMITS.busConcurrency): Subscription {
    if (this.#closed) throw busClosed();
    const consumer = new Consumer({
      link: this.#in,
      layout: this.#layout,
      publisher: this.#publisher,
      log: this.#options.logger,
      retryMs: this.#options.retryMs ?? RETRY_MS,
      channel,
      memory: this.#memoryOf(channel),
      handler,
      atOnce,
    });
    this.#consumers.add(consumer);
    return {
      stop: (graceMs) => {
        this.#consumers.delete(consumer);
        return consumer.stop(graceMs);
      },
    };
  }

  announce(...event: Parameters<Bus['announce']>): void {
    this.#live.announce(...event);
  }

  listen(...listener: Parameters<Bus['listen']>): void {
    this.#live.listen(...listener);
  }

  health(): BusHealth {
    const takers = [...this.#consumers].map(({ why }) => why);
    const why = this.#closed ? 'the bus is closed' : [this.#publisher.why, this.#live.why, ...takers].find(Boolean);
    return why === undefined ? { up: true } : { up: false, why };
  }

  async ready(): Promise<void> {
    const takers = [...this.#consumers].map((consumer) => consumer.ready());
    await Promise.all([this.#publisher.ready(), this.#live.ready(), ...takers]);
  }

  onUp(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Takers first: what they fail on has to be passed on yet. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    const end = performance.now() + graceMs;
    const left = (): number => Math.max(0, end - performance.now());
    const ended = Promise.all([...this.#consumers].map((consumer) => consumer.stop(graceMs)));
    await atMost(ended, graceMs + HANG_UP_MS);
    await atMost(Promise.all([this.#publisher.close(left()), this.#live.close()]), left() + HANG_UP_MS);
    await Promise.all([this.#in.close(HANG_UP_MS), this.#out.close(HANG_UP_MS)]);
  }

  /** By the last part that had been away. */
  #tellUp(): void {
    if (this.#closed || this.#publisher.why !== undefined || this.#live.why !== undefined) return;
    for (const listener of this.#listeners) listener();
  }

  #memoryOf(channel: DurableChannel): ChannelMemory {
    let memory = this.#memories.get(channel);
    if (!memory) this.#memories.set(channel, (memory = new ChannelMemory()));
    return memory;
  }

  #nextId(): string {
    return `${this.#options.process}-${++this.#ids}`;
  }
}

function busClosed(): Error {
  return new Error('The bus is closed.');
}
