import { setTimeout as pause } from 'node:timers/promises';
import { LIMITS } from '#core/limits.ts';
import type { Bus, DurableChannel, Handler } from './bus.ts';

export interface MemoryBusOptions {
  /** ms before a message that a handler threw on comes again; doubled each time up to 64 times that. */
  retryMs?: number;
  onError?(channel: DurableChannel, error: unknown): void;
}

interface Waiting {
  body: string;
  again: boolean;
  tries: number;
  done(): void;
  lost(error: Error): void;
}

interface Queue {
  /** Messages handled at once, at most: as many as the subscriber wants that takes most. */
  atOnce: number;
  waiting: Waiting[];
  busy: number;
  turn: number;
  handlers: Handler[];
}

/**
 * The bus inside one process. It keeps nothing: durability is the outbox's, whose rows stay until `publish` resolves,
 * and it resolves when the handler is done. Bodies pass through JSON, so nothing works here that a broker would refuse.
 */
export function memoryBus(options: MemoryBusOptions = {}): Bus {
  const queues = new Queues(options);
  const listeners: ((body: unknown) => void)[] = [];
  return {
    publish: (channel, body, again) => queues.publish(channel, body, again),
    subscribe: (channel, handler, atOnce) => queues.subscribe(channel, handler, atOnce),
    announce(_channel, body) {
      const text = JSON.stringify(body);
      for (const listener of listeners) listener(JSON.parse(text));
    },
    listen: (_channel, listener) => void listeners.push(listener),
    close: (graceMs) => queues.close(graceMs),
  };
}

class Queues {
  readonly #options: MemoryBusOptions;
  readonly #queues = new Map<DurableChannel, Queue>();
  readonly #retries = new Map<NodeJS.Timeout, Waiting>();
  #closed = false;

  constructor(options: MemoryBusOptions) {
    this.#options = options;
  }

  publish(channel: DurableChannel, body: string, again = false): Promise<void> {
    if (this.#closed) return Promise.reject(busClosed());
    return new Promise((done, lost) => {
      const of = this.#of(channel);
      of.waiting.push({ body, again, tries: 0, done, lost });
      this.#pump(channel, of);
    });
  }

  subscribe(channel: DurableChannel, handler: Handler, atOnce: number = LIMITS.busConcurrency): void {
    const of = this.#of(channel);
    of.handlers.push(handler);
    of.atOnce = Math.max(of.atOnce, atOnce);
    this.#pump(channel, of);
  }

  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    for (const [timer, message] of this.#retries) {
      clearTimeout(timer);
      message.lost(busClosed());
    }
    const queues = [...this.#queues.values()];
    const end = performance.now() + graceMs;
    while (queues.some(({ busy }) => busy > 0) && performance.now() < end) await pause(5);
    for (const { waiting } of queues) for (const message of waiting.splice(0)) message.lost(busClosed());
  }

  #of(channel: DurableChannel): Queue {
    let of = this.#queues.get(channel);
    if (!of) this.#queues.set(channel, (of = { atOnce: 0, waiting: [], busy: 0, turn: 0, handlers: [] }));
    return of;
  }

  /** Hands out what waits, to the subscribers in turn. */
  #pump(channel: DurableChannel, of: Queue): void {
    while (!this.#closed && of.handlers.length > 0 && of.busy < of.atOnce) {
      const next = of.waiting.shift();
      if (!next) return;
      of.busy++;
      const handler = of.handlers[of.turn++ % of.handlers.length] as Handler;
      void this.#handle(channel, handler, next).finally(() => {
        of.busy--;
        this.#pump(channel, of);
      });
    }
  }

  async #handle(channel: DurableChannel, handler: Handler, message: Waiting): Promise<void> {
    try {
      await handler(JSON.parse(message.body), { again: message.again || message.tries > 0 });
      message.done();
    } catch (error) {
      this.#options.onError?.(channel, error);
      this.#again(channel, message);
    }
  }

  #again(channel: DurableChannel, message: Waiting): void {
    if (this.#closed) return message.lost(busClosed());
    const wait = (this.#options.retryMs ?? 250) * 2 ** Math.min(message.tries++, 6);
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      const of = this.#of(channel);
      of.waiting.push(message);
      this.#pump(channel, of);
    }, wait);
    this.#retries.set(timer, message);
  }
}

function busClosed(): Error {
  return new Error('The bus is closed.');
}
