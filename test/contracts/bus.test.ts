import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { memoryBus } from '#bus/memory.ts';
import { rabbitBus } from '#bus/rabbitmq.ts';
import { startRabbit, type Rabbit } from '#test/support/rabbitmq.ts';
import { busContract, handledContract } from './bus.contract.ts';
import { sharedContract, type OpenBus } from './bus-shared.contract.ts';

describe('what holds for the bus in one process', () => {
  for (const { says, holds } of [...busContract, ...handledContract]) {
    test(says, async (t) => {
      const bus = memoryBus({ retryMs: 2 });
      t.after(() => bus.close(0));
      await holds(bus);
    });
  }
});

describe('what holds for the bus over RabbitMQ', () => {
  let rabbit: Rabbit | undefined;
  before(async () => (rabbit = await startRabbit()));
  after(() => rabbit?.stop());

  /** Opens buses that share a broker, as processes do. */
  const opener = ({ url, freshName }: Rabbit): OpenBus => {
    const name = freshName(RETRY_MS);
    let count = 0;
    return () => rabbitBus({ url, name, process: `process-${++count}`, logger: QUIET, retryMs: RETRY_MS });
  };

  for (const { says, holds } of busContract) {
    test(says, async (t) => {
      if (!rabbit) return t.skip('no RabbitMQ here');
      const bus = opener(rabbit)();
      t.after(() => bus.close(0));
      await bus.ready();
      await holds(bus);
    });
  }

  for (const { says, holds } of sharedContract) {
    test(says, async (t) => {
      if (!rabbit) return t.skip('no RabbitMQ here');
      const open = opener(rabbit);
      const opened: ReturnType<OpenBus>[] = [];
      t.after(() => Promise.all(opened.map((bus) => bus.close(0))));
      await holds(() => {
        const bus = open();
        opened.push(bus);
        return bus;
      });
    });
  }

  test('nothing is lost where the broker cannot be reached: it says so, and publishing fails at once', async (t) => {
    const bus = rabbitBus({ url: 'amqp://127.0.0.1:1', process: 'alone', logger: QUIET });
    t.after(() => bus.close(0));
    bus.subscribe('incoming', async () => undefined);
    const heard: unknown[] = [];
    bus.listen('rooms', (body) => void heard.push(body));
    await assert.rejects(bus.publish('incoming', '1'), /Not published/);
    bus.announce('rooms', 'here');
    assert.deepEqual(heard, ['here'], 'who is in the same process hears it all the same');
    assert.equal(bus.health().up, false);
    assert.match(bus.health().why ?? '', /broker|ECONNREFUSED/);
  });
});

/** Few ms, and enough of them that a test may fail often. */
const RETRY_MS = [5, 10, 20, 40];

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };
