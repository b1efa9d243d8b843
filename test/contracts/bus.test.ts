import { after, before, describe, test } from 'node:test';
import type { Bus } from '#bus/bus.ts';
import { memoryBus } from '#bus/memory.ts';
import { rabbitBus } from '#bus/rabbitmq.ts';
import { startRabbit, type Rabbit } from '#test/support/rabbitmq.ts';
import { busContract, handledContract } from './bus.contract.ts';

describe('what holds for the bus in one process', () => {
  for (const { says, holds } of [...busContract, ...handledContract]) {
    test(says, async (t) => {
      const bus = memoryBus({ retryMs: 2 });
      t.after(() => bus.close(0));
      await holds(bus);
    });
  }
});

describe('what holds for the bus on RabbitMQ', () => {
  let rabbit: Rabbit | undefined;
  let prefix: string;
  before(async () => {
    rabbit = await startRabbit();
    if (rabbit) prefix = rabbit.freshPrefix(['incoming', 'jobs', 'outgoing.webchat'], RETRY_MS);
  });
  after(() => rabbit?.stop());
  for (const { says, holds } of busContract) {
    test(says, async (t) => {
      if (!rabbit) return t.skip('no RabbitMQ here');
      const bus = await connected(rabbit.url, prefix);
      t.after(async () => {
        await bus.close(0);
        await rabbit?.empty(prefix);
      });
      await holds(bus);
    });
  }
});

const RETRY_MS = 2;

function connected(url: string, prefix: string): Promise<Bus> {
  return new Promise((resolve) => {
    const bus: Bus = rabbitBus({ url, prefix, retryMs: RETRY_MS, onState: () => resolve(bus) });
  });
}
