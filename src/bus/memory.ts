import { setTimeout as pause } from 'node:timers/promises';
import { LIMITS } from '#core/limits.ts';
import type { Bus, DurableChannel, Handler, Subscription } from './bus.ts';

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
  takers: Taker[];
}

interface Taker {
  handler: Handler;
  atOnce: number;
  busy: number;
}

/**
 * The bus inside one process. It keeps nothing: durability is the outbox's, whose rows stay until `publish` resolves,
 * and it resolves when the handler is done. Bodies pass through JSON, so nothing works here that a broker would refuse.
 */
export function memoryBus(options: MemoryBusOptions = {}): Bus {
  const queues = new Queues(options);
  const listeners: ((body: unknown) => void)[] = [];
  return {
    parts: 1,
    publish: (channel, body, again) => queues.publish(channel, body, again),
    subscribe: (channel, handler, atOnce) => queues.subscribe(channel, handler, atOnce),
    announce(_channel, body) {
      const text = JSON.stringify(body);
      for (const listener of listeners) listener(JSON.parse(text));
    },
    listen: (_channel, listener) => void listeners.push(listener),
    health: () => ({ up: true }),
    ready: () => Promise.resolve(),
    // It is never down.
    onUp: () => undefined,
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

  subscribe(channel: DurableChannel, handler: Handler, atOnce: number = LIMITS.busConcurrency): Subscription {
    const of = this.#of(channel);
    const taker = { handler, atOnce, busy: 0 };
    of.takers.push(taker);
    of.atOnce = Math.max(of.atOnce, atOnce);
    this.#pump(channel, of);
    return { stop: (graceMs) => this.#leave(of, taker, graceMs) };
  }

  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    for (const [timer, message] of this.#retries) {
      clearTimeout(timer);
      message.lost(busClosed());
    }
    const queues = [...this.#queues.values()];
    await idle(() => queues.every(({ busy }) => busy === 0), graceMs);
    for (const { waiting } of queues) for (const message of waiting.splice(0)) message.lost(busClosed());
  }

  /** What waits is for the other takers, or for the next one. */
  #leave(of: Queue, taker: Taker, graceMs: number): Promise<void> {
    of.takers = of.takers.filter((one) => one !== taker);
    of.atOnce = Math.max(0, ...of.takers.map(({ atOnce }) => atOnce));
    return idle(() => taker.busy === 0, graceMs);
  }

  #of(channel: DurableChannel): Queue {
    let of = this.#queues.get(channel);
    if (!of) this.#queues.set(channel, (of = { atOnce: 0, waiting: [], busy: 0, turn: 0, takers: [] }));
    return of;
  }

  /** Hands out what waits, to the subscribers in turn. */
  #pump(channel: DurableChannel, of: Queue): void {
    while (!this.#closed && of.takers.length > 0 && of.busy < of.atOnce) {
      const next = of.waiting.shift();
      if (!next) return;
      const taker = of.takers[of.turn++ % of.takers.length] as Taker;
      of.busy++;
      taker.busy++;
      void this.#handle(channel, taker.handler, next).finally(() => {
        of.busy--;
        taker.busy--;
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

async function idle(isIdle: () => boolean, graceMs: number): Promise<void> {
  const end = performance.now() + graceMs;
  while (!isIdle() && performance.now() < end) await pause(5);
}

function busClosed(): Error {
  return new Error('The bus is closed.');
}
