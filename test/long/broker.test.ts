import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'node:test';
import { brokerToll } from '#test/support/broker-toll.ts';
import { ownRabbit, type OwnRabbit } from '#test/support/own-rabbitmq.ts';

const FAULTS: Record<string, (rabbit: OwnRabbit) => Promise<void>> = {
  'is killed three times': async (rabbit) => {
    for (let n = 0; n < 3; n++) {
      await rabbit.kill();
      await rabbit.startAgain();
      await pause(2_000);
    }
  },
  'hangs for twenty seconds': async (rabbit) => {
    rabbit.freeze();
    await pause(20_000);
    rabbit.thaw();
    await pause(8_000);
  },
  'is stopped in order and started again, and throws everybody out': async (rabbit) => {
    rabbit.control('stop_app');
    await pause(2_000);
    rabbit.control('start_app');
    await pause(6_000);
    rabbit.control('close_all_connections', 'maintenance');
    await pause(3_000);
  },
  'has no memory left for a while': async (rabbit) => {
    rabbit.control('set_vm_memory_high_watermark', '0.00001');
    await pause(5_000);
    rabbit.control('set_vm_memory_high_watermark', '0.4');
    await pause(3_000);
  },
};

for (const [name, fault] of Object.entries(FAULTS))
  test(`the broker ${name}: what it confirmed is delivered, in order, and nothing twice without a word`, async (t) => {
    const rabbit = await ownRabbit();
    if (!rabbit) return t.skip('no RabbitMQ here');
    t.after(() => rabbit.remove());
    const toll = await brokerToll(rabbit, async () => {
      await pause(2_000);
      await fault(rabbit);
    });
    t.diagnostic(JSON.stringify(toll));
    const { lost, doubled, outOfOrder, heard } = toll;
    assert.deepEqual({ lost, doubled, outOfOrder, heard }, { lost: 0, doubled: 0, outOfOrder: 0, heard: true });
    assert.ok(toll.confirmed > 200 && toll.said.length > 1, 'there was work, and trouble');
  });
