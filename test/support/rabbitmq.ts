import { randomUUID } from 'node:crypto';
import { Connection, type Channel } from 'rabbitmq-client';
import type { DurableChannel } from '#bus/bus.ts';
import { layoutOf } from '#bus/rabbit-layout.ts';
import { absent, connectOnce, ownRabbit } from './own-rabbitmq.ts';

/** A RabbitMQ for tests, which others may use at the same time. */
export interface Rabbit {
  url: string;
  /** A name for all that one test makes there; `retryMs` as its buses have it. What was made goes with `stop`. */
  freshName(retryMs?: readonly number[]): string;
  stop(): Promise<void>;
}

/**
 * Finds a RabbitMQ, in this order: TEST_AMQP_URL, AMQP_URL, one that listens on the default port and lets us in, the
 * installed program, the system's package. Prints which it is. Where there is none: fails under CI, else says so and gives
 * undefined.
 */
export async function startRabbit(): Promise<Rabbit | undefined> {
  const reasons: string[] = [];
  for (const [name, url] of PLACES) {
    if (url === undefined) continue;
    const met = await connectOnce(url).then(
      () => true,
      (error: Error) => void reasons.push(`${name}: ${error.message}`),
    );
    if (!met) continue;
    console.log(`RabbitMQ (${name})`);
    return served(url, async () => undefined);
  }
  const own = await ownRabbit();
  if (!own) return absent(`No RabbitMQ for tests. ${reasons.join('; ')}`);
  console.log('RabbitMQ (started for these tests)');
  return served(own.url, () => own.remove());
}

const PLACES: [name: string, url: string | undefined][] = [
  ['from TEST_AMQP_URL', process.env['TEST_AMQP_URL']],
  ['from AMQP_URL', process.env['AMQP_URL']],
  ['on the default port', 'amqp://guest:guest@127.0.0.1:5672'],
];

function served(url: string, end: () => Promise<void>): Rabbit {
  const made: [name: string, retryMs: readonly number[] | undefined][] = [];
  return {
    url,
    freshName(retryMs) {
      const name = `test-${randomUUID()}`;
      made.push([name, retryMs]);
      return name;
    },
    async stop() {
      const connection = new Connection({ url, noDelay: true });
      connection.on('error', () => undefined);
      const channel = await connection.acquire();
      for (const one of made) await clear(channel, ...one);
      await channel.close();
      await connection.close();
      await end();
    },
  };
}

/** Deleting what is not there is no error: https://www.rabbitmq.com/docs/specification#rules */
async function clear(channel: Channel, name: string, retryMs: readonly number[] | undefined): Promise<void> {
  const layout = layoutOf(name, retryMs);
  const queues = [...CHANNELS.map((one) => layout.queueOf(one)), ...layout.retries, layout.dead];
  await Promise.all([
    ...queues.map(({ queue }) => channel.queueDelete({ queue })),
    ...[layout.work, layout.retry, layout.live].map((exchange) => channel.exchangeDelete({ exchange })),
  ]);
}

/** All that a test may have made. */
const CHANNELS: DurableChannel[] = [
  'incoming',
  ...Array.from({ length: 8 }, (_, part): DurableChannel => `incoming.${part}`),
  'jobs',
  ...['webchat', 'http', 'discord', 'slack', 'twitch'].map((platform): DurableChannel => `outgoing.${platform}`),
];
