import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'node:test';
import { brokerToll } from '#test/support/broker-toll.ts';
import { ownRabbit } from '#test/support/own-rabbitmq.ts';

test('the broker is killed and started again: what it confirmed is delivered, in order, and everything works again', async (t) => {
  const rabbit = await ownRabbit();
  if (!rabbit) return t.skip('no RabbitMQ here');
  t.after(() => rabbit.remove());
  const toll = await brokerToll(rabbit, async () => {
    await pause(1_000);
    await rabbit.kill();
    await rabbit.startAgain();
    await pause(1_000);
  });
  t.diagnostic(JSON.stringify(toll));
  const { lost, doubled, outOfOrder, heard } = toll;
  assert.deepEqual({ lost, doubled, outOfOrder, heard }, { lost: 0, doubled: 0, outOfOrder: 0, heard: true });
  assert.ok(toll.confirmed > 100 && toll.said.length > 1, 'there was work, and trouble');
});
