import type { Channel } from 'rabbitmq-client';
import type { QueueLayout } from './rabbit-layout.ts';
import type { Link } from './rabbit-link.ts';

/** Exchanges and queues that are needed together. */
export interface Needed {
  exchanges?: { exchange: string; durable: boolean }[];
  queues?: QueueLayout[];
}

/**
 * Sees to it that they are there. Where the broker's user may make them, they are made; where it may not, or they were
 * made otherwise (by another version, or by the operator), it is enough that they are there. Rejects with a sentence for
 * the operator where they are not.
 */
export async function declare(link: Link, needed: Needed): Promise<void> {
  try {
    await onChannel(link, (channel) => make(channel, needed));
  } catch (error) {
    if (!LOOK_ONLY.has(codeOf(error))) throw error;
    await onChannel(link, (channel) => look(channel, needed)).catch(explain);
  }
}

const LOOK_ONLY = new Set(['ACCESS_REFUSED', 'PRECONDITION_FAILED']);

async function make(channel: Channel, { exchanges = [], queues = [] }: Needed): Promise<void> {
  for (const one of exchanges) await channel.exchangeDeclare({ ...one, type: 'topic' });
  for (const { queue, arguments: args, bindings } of queues) {
    await channel.queueDeclare({ queue, durable: true, arguments: args });
    for (const binding of bindings) await channel.queueBind({ queue, ...binding });
  }
}

async function look(channel: Channel, { exchanges = [], queues = [] }: Needed): Promise<void> {
  for (const { exchange } of exchanges) await channel.exchangeDeclare({ exchange, passive: true });
  for (const { queue } of queues) await channel.queueDeclare({ queue, passive: true });
}

function explain(error: unknown): never {
  if (codeOf(error) !== 'NOT_FOUND') throw error;
  throw new Error(
    `${(error as Error).message}. The broker's user may not make it: import what this prints: npm run -s guildhall -- broker-policy --json`,
    { cause: error },
  );
}

/** On a channel of its own: a refusal ends the channel. */
async function onChannel(link: Link, work: (channel: Channel) => Promise<void>): Promise<void> {
  const channel = await link.acquire();
  // What is refused rejects the call as well.
  channel.on('error', () => undefined);
  try {
    await work(channel);
  } finally {
    await channel.close();
  }
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code);
}
