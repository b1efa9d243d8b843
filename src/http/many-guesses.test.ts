import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { createAccount } from '#auth/sign-up.ts';
import { openHall, type OpenHall } from '#test/contracts/fixtures.ts';
import { PASSWORD } from '#test/support/person.ts';

/** How many tries; `MANY_GUESSES=10000` is the whole of it, which test/long takes. */
const TRIES = Number(process.env['MANY_GUESSES'] ?? 120);
const AT_ONCE = 40;

test('strangers who guess a name from all of 127.0.0.2 to 127.0.3.255 keep nobody out, and fill no memory', async (t) => {
  const hall = await openHall();
  t.after(() => hall.close());
  await createAccount(hall.hall.auth, { username: 'ann', password: PASSWORD }, { by: 'operator', owner: false });
  await signIn(hall, { from: '127.0.0.2', password: 'wrong' });
  const before = memory();
  const told = new Map<number, number>();
  for (let done = 0; done < TRIES; done += AT_ONCE)
    for (const status of await Promise.all(guesses(hall, done))) told.set(status, (told.get(status) ?? 0) + 1);
  // 503: so many hash at once as there is room for; the rest is asked to come back.
  assert.deepEqual(
    [...told.keys()].filter((status) => ![401, 429, 503].includes(status)),
    [],
  );
  assert.equal(told.get(201), undefined);
  assert.equal(await signIn(hall, { from: '127.0.0.1', password: PASSWORD }), 201);
  assert.ok(memory() - before < 64 * 1024 * 1024, `${memory() - before} bytes more`);
});

function guesses(hall: OpenHall, from: number): Promise<number>[] {
  return Array.from({ length: AT_ONCE }, (_, n) => signIn(hall, { from: addressOf(from + n), password: `guess ${n}` }));
}

/** The nth address of 127.0.0.2 … 127.0.3.255, over and over. */
function addressOf(n: number): string {
  const at = 2 + (n % 1_022);
  return `127.0.${at >> 8}.${at & 255}`;
}

function memory(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function signIn(hall: OpenHall, { from, password }: { from: string; password: string }): Promise<number> {
  const body = JSON.stringify({ username: 'ann', password });
  const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const asked = request(`${hall.url}/v1/sessions`, { method: 'POST', localAddress: from, headers, agent: false });
    asked.once('response', (response) => resolve(response.resume().statusCode ?? 0));
    asked.once('error', reject);
    asked.end(body);
  });
}
