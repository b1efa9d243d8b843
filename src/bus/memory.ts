import { LIMITS } from '#core/limits.ts';
import type { Bus, DurableChannel, Handler } from './bus.ts';

export interface MemoryBusOptions {
  /** ms before a message that a handler threw on comes again; doubled each time up to 64 times that. */
  retryMs?: number;
  onError?(channel: DurableChannel, error: unknown): void;
}

interface Waiting {
  body: string;
  tries: number;
  done(): void;
  lost(error: Error): void;
}

interface Queue {
  waiting: Waiting[];
  busy: number;
  handler?: Handler;
}

/**
 * The bus inside one process. It keeps nothing: durability is the outbox's, whose rows stay until `publish` resolves,
 * and it resolves when the handler is done. Bodies pass through JSON, so nothing works here that a broker would refuse.
 */
export function memoryBus(options: MemoryBusOptions = {}): Bus {
  const queues: Record<DurableChannel, Queue> = { incoming: queue(), outgoing: queue(), jobs: queue() };
  const listeners: ((body: unknown) => void)[] = [];
  const timers = new Set<NodeJS.Timeout>();
  let closed = false;

  function pump(channel: DurableChannel): void {
    const of = queues[channel];
    while (!closed && of.handler && of.busy < LIMITS.busConcurrency) {
      const next = of.waiting.shift();
      if (!next) return;
      of.busy++;
      void handle(channel, of.handler, next).finally(() => {
        of.busy--;
        pump(channel);
      });
    }
  }

  async function handle(channel: DurableChannel, handler: Handler, message: Waiting): Promise<void> {
    try {
      await handler(JSON.parse(message.body));
      message.done();
    } catch (error) {
      options.onError?.(channel, error);
      again(channel, message);
    }
  }

  function again(channel: DurableChannel, message: Waiting): void {
    if (closed) return message.lost(new Error('The bus was closed.'));
    const wait = (options.retryMs ?? 250) * 2 ** Math.min(message.tries++, 6);
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (closed) return message.lost(new Error('The bus was closed.'));
      queues[channel].waiting.push(message);
      pump(channel);
    }, wait);
    timers.add(timer);
  }

  return {
    publish(channel, body) {
      if (closed) return Promise.reject(new Error('The bus is closed.'));
      return new Promise((done, lost) => {
        queues[channel].waiting.push({ body, tries: 0, done, lost });
        pump(channel);
      });
    },
    subscribe(channel, handler) {
      queues[channel].handler = handler;
      pump(channel);
    },
    announce(_channel, body) {
      const text = JSON.stringify(body);
      for (const listener of listeners) listener(JSON.parse(text));
    },
    listen(_channel, listener) {
      listeners.push(listener);
    },
    async close(graceMs) {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      const end = Date.now() + graceMs;
      const busy = (): boolean => Object.values(queues).some((of) => of.busy > 0);
      while (busy() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
      for (const of of Object.values(queues)) for (const message of of.waiting) message.lost(new Error('The bus was closed.'));
    },
  };
}

function queue(): Queue {
  return { waiting: [], busy: 0 };
}
