import { DEFAULT_NAME, layoutOf, type QueueLayout } from '#bus/rabbit-layout.ts';
import { LIMITS } from '#core/limits.ts';

/**
 * What a stock bot of somebody else's meets in the broker. Its names are fixed, as the bot has them in its code; where the
 * installation has a name of its own, that stands before them.
 */
export interface StockLayout {
  /** A topic exchange for the bot's answers, whatever their routing key. Past it the bot could write to every queue. */
  exchange: string;
  /** What is asked. Nobody answers what is older than a job's time, so it goes then. */
  requests: QueueLayout;
  answers: QueueLayout;
  /** Answers that fit to no request, for the operator; apart from the program's own, as a bot may send any number of them. */
  refused: QueueLayout;
}

export function stockLayout(name: string = DEFAULT_NAME): StockLayout {
  const { work } = layoutOf(name);
  const named = (queue: string): string => (name === DEFAULT_NAME ? queue : `${name}.${queue}`);
  const exchange = named(ANSWERS);
  return {
    exchange,
    requests: {
      queue: named(REQUESTS),
      arguments: { ...QUORUM, ...FULL, 'x-max-length': WAITING, 'x-message-ttl': LIMITS.jobSeconds * 1000 },
      bindings: [{ exchange: work, routingKey: REQUESTS }],
    },
    answers: {
      queue: named(ANSWERS),
      arguments: {
        ...QUORUM,
        ...FULL,
        'x-max-length': WAITING,
        'x-max-length-bytes': WAITING_BYTES,
        'x-delivery-limit': DELIVERIES,
        'x-dead-letter-exchange': work,
        'x-dead-letter-routing-key': REFUSED,
        'x-dead-letter-strategy': 'at-least-once',
      },
      bindings: [{ exchange, routingKey: '#' }],
    },
    refused: {
      queue: named(REFUSED),
      arguments: { ...QUORUM, 'x-max-length': REFUSED_KEPT },
      bindings: [{ exchange: work, routingKey: REFUSED }],
    },
  };
}

/** Routing keys, and the queues' names. */
export const REQUESTS = 'requeststock';
export const ANSWERS = 'publishstock';
export const REFUSED = 'publishstock.dead';

const QUORUM = { 'x-queue-type': 'quorum' };

/** Whoever publishes into a queue that is full is told so; what stands in it stays. */
const FULL = { 'x-overflow': 'reject-publish' };

/** Requests or answers that may wait: more than all workers have in hand at once. */
const WAITING = 10_000;

/** Bytes of answers that may wait: a right one has about 150. */
const WAITING_BYTES = 16 * 1024 * 1024;

/** Deliveries of one answer, that is workers that ended over it, before it is refused. */
const DELIVERIES = 20;

/** Refused answers that are kept; the oldest go. */
const REFUSED_KEPT = 1_000;
