import type { DurableChannel } from './bus.ts';

/** A queue as RabbitMQ keeps it, and the bindings that lead to it. */
export interface QueueLayout {
  queue: string;
  arguments: Record<string, string | number | boolean>;
  bindings: { exchange: string; routingKey: string }[];
}

/** What stands in the broker for one installation. Everything begins with its name, so that several share a broker. */
export interface Layout {
  /** Topic exchanges. The durable channels: a channel's name is the routing key. */
  work: string;
  /** What has to wait. The routing key says how long, and for which channel: `again.<ms>.<channel>`. */
  retry: string;
  /** Live fan-out. Not durable: what was announced while nobody listened is of no use. */
  live: string;
  queueOf(channel: DurableChannel): QueueLayout;
  /** One queue for each pause. What has waited there goes back to its channel. */
  retries: QueueLayout[];
  /** What was given up, for the operator. */
  dead: QueueLayout;
}

export const DEFAULT_NAME = 'guildhall';

/** Parts of `incoming`: bots can share the work by rooms in as many processes; a part more is one queue more. */
export const PARTS = 8;

/**
 * ms before a message that a handler threw on comes again, by how often it was tried; the last one holds from then on.
 * The first heals a lost race, the last gives a service a minute's rest.
 */
export const RETRY_MS: readonly number[] = [250, 1_000, 4_000, 16_000, 64_000];

/** Tries of one message before it is given up: with the pauses above about ten minutes. */
export const TRIES = 14;

export const DEAD = 'dead';

export function againKey(channel: DurableChannel, ms: number): string {
  return `again.${ms}.${channel}`;
}

/** `retryMs`: pauses of other lengths, for tests. */
export function layoutOf(name: string = DEFAULT_NAME, retryMs: readonly number[] = RETRY_MS): Layout {
  const [work, retry, live] = [`${name}.work`, `${name}.retry`, `${name}.live`];
  const back = (routingKey?: string): QueueLayout['arguments'] => ({
    'x-dead-letter-exchange': work,
    ...(routingKey !== undefined && { 'x-dead-letter-routing-key': routingKey }),
    // A queue passes a message on as its publishers do, with a confirm: https://www.rabbitmq.com/docs/quorum-queues#dead-lettering
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  });
  const made = new Map<DurableChannel, QueueLayout>();
  const make = (channel: DurableChannel): QueueLayout => ({
    queue: `${name}.${channel}`,
    arguments: { ...QUORUM, ...back(DEAD), ...takenBy(channel), 'x-delivery-limit': DELIVERIES },
    bindings: [
      { exchange: work, routingKey: channel },
      { exchange: work, routingKey: `again.*.${channel}` },
    ],
  });
  return {
    work,
    retry,
    live,
    queueOf(channel) {
      let queue = made.get(channel);
      if (!queue) made.set(channel, (queue = make(channel)));
      return queue;
    },
    retries: retryMs.map((ms) => ({
      queue: `${name}.retry.${ms}`,
      arguments: { ...QUORUM, ...back(), 'x-message-ttl': ms },
      bindings: [{ exchange: retry, routingKey: `again.${ms}.#` }],
    })),
    dead: {
      queue: `${name}.${DEAD}`,
      arguments: { ...QUORUM, 'x-max-length': DEAD_KEPT },
      bindings: [{ exchange: work, routingKey: DEAD }],
    },
  };
}

const QUORUM = { 'x-queue-type': 'quorum' };

/**
 * Deliveries of one message without an answer, that is processes that ended over it, before it is given up: hundreds of
 * restarts never touch a message that takes a second, one that kills its process ends here. RabbitMQ 4 would say 20.
 */
const DELIVERIES = 100;

/** Messages that were given up and are kept; the oldest go. Each stands in the log as well. */
const DEAD_KEPT = 10_000;

/**
 * Jobs have no order: all workers take from their queue at once. Elsewhere one taker at a time has the queue, and the next
 * one stands by. https://www.rabbitmq.com/docs/consumers#single-active-consumer
 */
function takenBy(channel: DurableChannel): QueueLayout['arguments'] {
  return channel === 'jobs' ? {} : { 'x-single-active-consumer': true };
}
