import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'node:test';
import { inOrder } from './connector-ports.ts';

test('what is looked up for lines of one burst is told in their order, though the first look takes longest', async () => {
  const told: string[] = [];
  const look = inOrder(
    (place: string, _ms: number) => place,
    (_place, ms) => pause(ms, ms),
  );
  const ask = (place: string, ms: number): Promise<unknown> => look(place, ms).then(() => told.push(`${place} ${ms}`));
  await Promise.all([ask('one', 60), ask('one', 5), ask('other', 1), ask('one', 20)]);
  assert.deepEqual(told, ['other 1', 'one 60', 'one 5', 'one 20']);
});

test('a look that fails holds up nobody behind it', async () => {
  const look = inOrder(
    (_n: number) => 'one',
    (n) => (n === 0 ? Promise.reject(new Error('away')) : Promise.resolve(n)),
  );
  const [first, second] = await Promise.allSettled([look(0), look(1)]);
  assert.deepEqual([first.status, second], ['rejected', { status: 'fulfilled', value: 1 }]);
});
