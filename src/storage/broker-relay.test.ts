import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import { LIMITS } from '#core/limits.ts';
import { prepare } from '#test/contracts/fixtures.ts';
import { startPostgres, type Postgres } from '#test/support/postgres.ts';
import { eventually } from '#test/support/wait.ts';
import { startBrokerRelay } from './broker-relay.ts';
import { openPostgres } from './postgres.ts';
import type { Relay } from './relay.ts';
import type { Storage } from './storage.ts';
import { countOutbox } from './work.ts';

interface Sent {
  body: unknown;
  again: boolean;
}

/** What the broker got, and whether it takes anything. */
class Broker {
  readonly got: Sent[] = [];
  /** Bodies that it refuses, once each. */
  readonly refuses = new Set<unknown>();
  away = false;

  readonly publish = async (_channel: string, body: string, { again }: { again: boolean }): Promise<void> => {
    const read: unknown = JSON.parse(body);
    if (this.away || this.refuses.delete(read)) throw new Error('the broker is away');
    this.got.push({ body: read, again });
  };

  get bodies(): unknown[] {
    return this.got.map(({ body }) => body);
  }
}

describe('the relay of several processes', () => {
  let postgres: Postgres | undefined;
  let database: string;
  before(async () => {
    postgres = await startPostgres();
    if (postgres) database = await postgres.freshDatabase();
  });
  after(() => postgres?.stop());

  /** One process with its own connections to the one database. */
  async function open(t: TestContext): Promise<Storage> {
    const storage = openPostgres(database);
    t.after(() => storage.close().catch(() => undefined));
    await prepare(storage);
    await storage.write((tx) => tx.db.deleteFrom('outbox').execute());
    return storage;
  }

  function relay(t: TestContext, storage: Storage, broker: Broker, mayRelay = () => true): Relay {
    const one = startBrokerRelay(storage, { publish: broker.publish, mayRelay });
    t.after(() => one.stop());
    return one;
  }

  const say = (storage: Storage, body: unknown): Promise<void> => storage.write((tx) => tx.publish('jobs', body));
  const empty = (storage: Storage): Promise<true> =>
    eventually('nothing to wait', async () => (await countOutbox(storage.db)) === 0 || undefined);

  test('sends what any of them commits, in the order of the numbers, and deletes it', async (t) => {
    const [a, b] = [await open(t), await open(t)];
    const broker = new Broker();
    relay(t, a, broker);
    for (let n = 0; n < 20; n++) await say(n % 2 === 0 ? a : b, n);
    await empty(a);
    assert.deepEqual(
      broker.bodies,
      Array.from({ length: 20 }, (_, n) => n),
    );
  });

  test('misses nothing whose number was given out first and which was committed last', async (t) => {
    const [a, b] = [await open(t), await open(t)];
    const broker = new Broker();
    relay(t, a, broker);
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const late = b.write(async (tx) => {
      await tx.publish('jobs', 'early number');
      begun.resolve();
      await gate.promise;
    });
    await begun.promise;
    await say(a, 'late number');
    await eventually('the other one', () => broker.bodies.includes('late number') || undefined);
    gate.resolve();
    await late;
    await empty(a);
    assert.deepEqual(broker.bodies, ['late number', 'early number']);
  });

  test('begins with the first again where the broker refused one, and says so of all that it sent before', async (t) => {
    const a = await open(t);
    const broker = new Broker();
    broker.refuses.add('one');
    await a.write(async (tx) => {
      for (const body of ['one', 'two']) await tx.publish('jobs', body);
    });
    relay(t, a, broker);
    await empty(a);
    assert.equal(broker.got.filter(({ body }) => body === 'one').length, 1);
    assert.deepEqual(
      broker.got.find(({ body }) => body === 'one'),
      { body: 'one', again: true },
    );
  });

  test('keeps everything while the broker is away, and sends it in order afterwards', async (t) => {
    const a = await open(t);
    const broker = new Broker();
    broker.away = true;
    relay(t, a, broker);
    for (let n = 0; n < 700; n += 1) await (n % 100 === 99 ? say(a, n) : Promise.resolve(void say(a, n)));
    assert.deepEqual(broker.bodies, []);
    broker.away = false;
    await empty(a);
    assert.deepEqual(
      broker.bodies,
      Array.from({ length: 700 }, (_, n) => n),
    );
  });

  test('sends nothing past what was refused, though the broker is back while it reads on', async (t) => {
    const a = await open(t);
    const broker = new Broker();
    const bodies = Array.from({ length: 2 * LIMITS.outboxBatch }, (_, n) => n);
    for (const n of bodies.slice(0, LIMITS.outboxBatch)) broker.refuses.add(n);
    await a.write(async (tx) => {
      for (const n of bodies) await tx.publish('jobs', n);
    });
    relay(t, a, broker);
    await empty(a);
    assert.deepEqual(broker.bodies, bodies);
  });

  test('says of rows that stood there before it that they may have been sent', async (t) => {
    const a = await open(t);
    const broker = new Broker();
    await say(a, 'from before');
    relay(t, a, broker);
    await empty(a);
    await say(a, 'from now');
    await empty(a);
    assert.deepEqual(broker.got, [
      { body: 'from before', again: true },
      { body: 'from now', again: false },
    ]);
  });

  test('sends nothing more when it is another process’s turn', async (t) => {
    const a = await open(t);
    const broker = new Broker();
    let mine = false;
    const one = relay(t, a, broker, () => mine);
    await say(a, 'held');
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(broker.bodies, []);
    mine = true;
    one.rewind();
    await empty(a);
    assert.deepEqual(broker.bodies, ['held']);
  });
});
