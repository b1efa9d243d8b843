import { describe, test } from 'node:test';
import { memoryBus } from '#bus/memory.ts';
import { busContract } from './bus.contract.ts';

describe('what holds for the bus in one process', () => {
  for (const { says, holds } of busContract) {
    test(says, async (t) => {
      const bus = memoryBus({ retryMs: 2 });
      t.after(() => bus.close(0));
      await holds(bus);
    });
  }
});
