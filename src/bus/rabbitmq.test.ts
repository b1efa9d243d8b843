import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { after, describe, test, type TestContext } from 'node:test';
import { Connection } from 'rabbitmq-client';
import { AppError, notReady } from '#core/errors.ts';
import { issueCertificates } from '#src/certs.ts';
import { temporaryFolder } from '#test/contracts/fixtures.ts';
import { brokenLine, type BrokenLine } from '#test/support/broken-line.ts';
import { startRabbit } from '#test/support/rabbitmq.ts';
import { eventually } from '#test/support/wait.ts';
import type { Bus } from './bus.ts';
import { layoutOf, RETRY_MS, TRIES } from './rabbit-layout.ts';
import { rabbitBus } from './rabbitmq.ts';

const rabbit = await startRabbit();
const options = rabbit ? {} : { skip: 'no RabbitMQ here' };
after(() => rabbit?.stop());

describe('a handler that throws', options, () => {
  test('gets the message some times, and then it lies with those given up, with the reason', async (t) => {
    const stage = await onStage(t);
    let tries = 0;
    stage.bus.subscribe('jobs', async () => {
      tries++;
      throw new TypeError('cannot read that');
    });
    await stage.bus.publish('jobs', '{"id":"job_1"}');
    const { headers, body } = await eventually('one that was given up', () => stage.dead());
    assert.equal(tries, TRIES);
    assert.deepEqual([headers.channel, headers.tries, headers.reason], ['jobs', TRIES, 'cannot read that']);
    assert.ok(Math.abs(Date.now() - Date.parse(String(headers.at))) < 60_000);
    assert.equal(body, '{"id":"job_1"}');
  });

  test('is asked for about ten minutes in all', () => {
    const pauses = Array.from({ length: TRIES - 1 }, (_, n) => RETRY_MS[Math.min(n, RETRY_MS.length - 1)] ?? 0);
    const minutes = pauses.reduce((sum, ms) => sum + ms, 0) / 60_000;
    assert.ok(minutes > 9 && minutes < 11, `${minutes} minutes`);
  });

  test('is asked without an end where something is not ready, and others do not wait for it', async (t) => {
    const { bus, dead } = await onStage(t);
    const done: unknown[] = [];
    let tries = 0;
    bus.subscribe(
      'jobs',
      async (body) => {
        if (body === 'slow' && ++tries <= TRIES + 2) throw notReady('vault-away', 'The vault is away.');
        done.push(body);
      },
      1,
    );
    await bus.publish('jobs', '"slow"');
    await bus.publish('jobs', '"other"');
    await eventually('both', () => (done.length === 2 ? true : undefined));
    assert.deepEqual(done, ['other', 'slow']);
    assert.equal(await dead(), undefined);
  });
});

describe('while the database is away', options, () => {
  test('messages wait in their order, and none is handled out of it when the database is back', async (t) => {
    const { bus } = await onStage(t);
    const [done, again]: [unknown[], boolean[]] = [[], []];
    let [isAway, failed] = [true, 0];
    bus.subscribe(
      'incoming',
      async (body, delivery) => {
        if (isAway && ++failed) throw notReady('not-stored', 'It could not be stored.');
        done.push(body);
        again.push(delivery.again);
      },
      8,
    );
    await bus.ready();
    await Promise.all(range(40).map((n) => bus.publish('incoming', `${n}`)));
    await eventually('some tries', () => (failed > 8 ? true : undefined));
    isAway = false;
    await eventually('all', () => (done.length === 40 ? true : undefined));
    assert.deepEqual(done, range(40));
    assert.deepEqual([again[0], again.at(-1)], [true, false]);
  });

  test('one message alone that cannot be stored does not hold up the others for ever', async (t) => {
    const { bus } = await onStage(t);
    const done: unknown[] = [];
    let tries = 0;
    bus.subscribe(
      'incoming',
      async (body) => {
        if (body === 'odd' && ++tries < 8)
          throw new AppError({ status: 503, code: 'not-stored', detail: 'No.', fault: 'ours' });
        done.push(body);
      },
      2,
    );
    await bus.ready();
    const sent = ['"odd"', ...range(10).map(String)].map((body) => bus.publish('incoming', body));
    await Promise.all(sent);
    await eventually('all', () => (done.length === 11 ? true : undefined));
    assert.deepEqual(done.slice(0, 10), range(10));
  });
});

describe('when a connection is cut', options, () => {
  test('what is in hand is not begun a second time, and is acknowledged when it is done', async (t) => {
    const { bus, line, open } = await onStage(t);
    const gate = Promise.withResolvers<void>();
    const begun: unknown[] = [];
    bus.subscribe(
      'outgoing.discord',
      async (body) => {
        begun.push(body);
        await gate.promise;
      },
      10,
    );
    await bus.ready();
    await publishAll(bus, 'outgoing.discord', 4);
    await eventually('four in hand', () => (begun.length === 4 ? true : undefined));
    line.cut();
    await eventually('the cut', () => (bus.health().up ? undefined : true));
    await eventually('the connection', () => (bus.health().up ? true : undefined));
    await publishAll(bus, 'outgoing.discord', 1);
    // Behind those that came once more.
    await eventually('a fifth', () => (begun.length === 5 ? true : undefined));
    gate.resolve();
    await bus.close(20_000);
    assert.deepEqual(begun, [0, 1, 2, 3, 0]);
    const left: unknown[] = [];
    const next = open();
    next.subscribe('outgoing.discord', async (body) => void left.push(body));
    await next.ready();
    await next.publish('outgoing.discord', '"last"');
    await eventually('the last', () => (left.length > 0 ? true : undefined));
    assert.deepEqual(left, ['last'], 'the others were acknowledged');
  });

  test('who publishes is told at once, and what was confirmed comes, in order', async (t) => {
    const { bus, line, open } = await onStage(t);
    const got: number[] = [];
    const taker = open({ around: true });
    taker.subscribe('incoming', async (body) => void got.push(body as number), 1);
    await Promise.all([bus.ready(), taker.ready()]);
    const confirmed: number[] = [];
    // As a relay does: where one fails, it is sent again before those behind it.
    const cuts = new Set([100, 200]);
    for (let n = 0; n < 300; n++) {
      if (cuts.delete(n)) line.cut();
      const told = await bus.publish('incoming', `${n}`, false, `${n}`).then(
        () => true,
        () => false,
      );
      if (told) confirmed.push(n);
      else {
        await eventually('the connection', () => (bus.health().up ? true : undefined));
        n--;
      }
    }
    assert.deepEqual(confirmed, range(300));
    await eventually('all', () => (got.at(-1) === 299 ? true : undefined));
    assert.deepEqual(got, range(300));
  });

  test('the one who stands by takes over, in order', async (t) => {
    const { bus, line, open } = await onStage(t);
    const [first, second]: [number[], number[]] = [[], []];
    const taker = (into: number[]) => async (body: unknown) => void into.push(body as number);
    bus.subscribe('incoming.1', taker(first), 4);
    await bus.ready();
    const [standby, out] = [open({ around: true }), open({ around: true })];
    standby.subscribe('incoming.1', taker(second), 4);
    await Promise.all([standby.ready(), out.ready()]);
    const sent = publishAll(out, 'incoming.1', 400);
    await eventually('some', () => (first.length > 20 ? true : undefined));
    line.down(true);
    await sent;
    await eventually('the last', () => (second.at(-1) === 399 ? true : undefined));
    const from = second[0] ?? 0;
    assert.deepEqual(
      second,
      range(400 - from).map((n) => n + from),
      'all from there on, in order',
    );
    assert.ok(from <= first.length && first.length < 400, 'what was not acknowledged comes again, nothing is left out');
  });

  test('it says why, and everything works again when the line does', async (t) => {
    const { bus, line, open } = await onStage(t);
    const other = open({ around: true });
    const heard: unknown[] = [];
    let ups = 0;
    bus.onUp(() => ups++);
    bus.listen('rooms', (body) => void heard.push(body));
    bus.subscribe('jobs', async (body) => void heard.push(body));
    await Promise.all([bus.ready(), other.ready()]);
    line.down(true);
    await eventually('it to notice', () => (bus.health().up ? undefined : true));
    assert.match(bus.health().why ?? '', /\w{5}/);
    await assert.rejects(bus.publish('jobs', '1'), /Not published/);
    other.announce('rooms', 'missed');
    line.down(false);
    await bus.ready();
    assert.deepEqual(bus.health(), { up: true });
    other.announce('rooms', 'heard');
    await eventually('the word', () => (heard.includes('heard') ? true : undefined));
    await bus.publish('jobs', '"job"');
    await eventually('the job', () => (heard.includes('job') ? true : undefined));
    assert.deepEqual(heard, ['heard', 'job']);
    assert.ok(ups >= 1);
  });
});

describe('a connection', options, () => {
  test('may come later than everything else', async (t) => {
    const { line, open } = await onStage(t);
    line.down(true);
    const bus = open();
    const got: unknown[] = [];
    bus.subscribe('jobs', async (body) => void got.push(body));
    bus.listen('rooms', () => undefined);
    await assert.rejects(bus.publish('jobs', '"early"'), /Not published/);
    line.down(false);
    await bus.ready();
    await bus.publish('jobs', '"late"');
    await eventually('it', () => (got.length > 0 ? true : undefined));
    assert.deepEqual(got, ['late']);
  });

  test('by TLS is made to a broker that proves its name, and to no other', async (t) => {
    const { open } = await onStage(t);
    const folder = temporaryFolder(t);
    await issueCertificates(folder, { hosts: [], renew: false });
    const read = (path: string): string => readFileSync(join(folder, path), 'utf8');
    const port = await tlsLine(t, { cert: read('rabbitmq/cert.pem'), key: read('rabbitmq/key.pem') });
    const address = new URL(String(rabbit?.url).replace(/^amqp:/, 'amqps:'));
    const url = Object.assign(address, { hostname: 'localhost', port: String(port) }).href;
    const known = open({ url, ca: read('ca.pem') });
    await known.ready();
    await known.publish('jobs', '1');
    const stranger = open({ url });
    await eventually('a refusal', () => (/certificate/.test(stranger.health().why ?? '') ? true : undefined));
  });

  test('to another machine is refused where it is plain', () => {
    const to = (url: string) => () => rabbitBus({ url, process: 'p', logger: QUIET });
    assert.throws(to('amqp://broker.example:5672'), /amqps/);
  });
});

describe('a broker that others use too', options, () => {
  test('a queue that somebody deleted is made again, and who publishes learns that nobody took it', async (t) => {
    const { bus, layout, ask } = await onStage(t);
    const got: unknown[] = [];
    await bus.publish('jobs', '"kept"');
    await ask((channel) => channel.queueDelete({ queue: layout.queueOf('jobs').queue }));
    await assert.rejects(bus.publish('jobs', '"lost"'), /No queue takes jobs/);
    await bus.publish('jobs', '"taken"');
    bus.subscribe('jobs', async (body) => void got.push(body));
    await eventually('it', () => (got.length === 1 ? true : undefined));
    await ask((channel) => channel.queueDelete({ queue: layout.queueOf('jobs').queue }));
    await eventually('it to notice', () => (bus.health().up ? undefined : true));
    await bus.ready();
    await bus.publish('jobs', '"after"');
    await eventually('it', () => (got.length === 2 ? true : undefined));
    assert.deepEqual(got, ['taken', 'after']);
  });

  test('two installations of different names do not hear each other', async (t) => {
    const [one, two] = [await onStage(t), await onStage(t)];
    const got: unknown[] = [];
    one.bus.subscribe('jobs', async (body) => void got.push(body));
    one.bus.listen('rooms', (body) => void got.push(body));
    await one.bus.ready();
    two.bus.announce('rooms', 'foreign');
    await two.bus.publish('jobs', '"foreign"');
    await one.bus.publish('jobs', '"own"');
    await eventually('its own', () => (got.length > 0 ? true : undefined));
    assert.deepEqual(got, ['own']);
  });
});

describe('what is announced', options, () => {
  test('in one turn arrives in its order, however much it is', async (t) => {
    const { bus, open } = await onStage(t);
    const heard: unknown[] = [];
    const other = open();
    other.listen('rooms', (body) => void heard.push((body as { n: number }).n));
    await Promise.all([bus.ready(), other.ready()]);
    for (const n of range(3_000)) bus.announce('rooms', { n, words: 'a line\nand another '.repeat(20) });
    await eventually('all', () => (heard.length === 3_000 ? true : undefined));
    assert.deepEqual(heard, range(3_000));
  });

  test('reaches the others although one listener fails', async (t) => {
    const { bus, open } = await onStage(t);
    const heard: unknown[] = [];
    const other = open();
    other.listen('rooms', () => {
      throw new Error('broken');
    });
    other.listen('rooms', (body) => void heard.push(body));
    await Promise.all([bus.ready(), other.ready()]);
    bus.announce('rooms', 'one');
    bus.announce('rooms', 'two');
    await eventually('both', () => (heard.length === 2 ? true : undefined));
    assert.deepEqual(heard, ['one', 'two']);
  });
});

test('more than may be under way is refused at once, and nothing piles up', options, async (t) => {
  const { bus } = await onStage(t);
  await bus.ready();
  const sent = range(10_050).map((n) => bus.publish('jobs', `${n}`));
  const told = await Promise.allSettled(sent);
  const refused = told.filter(({ status }) => status === 'rejected');
  assert.equal(refused.length, 50);
  assert.match(String((refused[0] as PromiseRejectedResult).reason), /too much/);
});

interface Stage {
  /** A bus whose line to the broker can be cut. */
  bus: Bus;
  line: BrokenLine;
  /** Another process of the same installation: on the same line, or around it. */
  open(way?: Way): Bus;
  layout: ReturnType<typeof layoutOf>;
  ask<T>(question: (channel: Channel) => Promise<T>): Promise<T>;
  /** The first of those given up. */
  dead(): Promise<{ headers: Record<string, unknown>; body: unknown } | undefined>;
}

interface Way {
  around?: boolean;
  url?: string;
  ca?: string;
}

type Channel = Awaited<ReturnType<Connection['acquire']>>;

async function onStage(t: TestContext): Promise<Stage> {
  if (!rabbit) throw new Error('There is no RabbitMQ here.');
  const { url } = rabbit;
  const name = rabbit.freshName(SHORT);
  const line = await brokenLine(Number(new URL(url).port || 5672));
  const layout = layoutOf(name, SHORT);
  const buses: Bus[] = [];
  const byLine = Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(line.port) }).href;
  const open = ({ around, ...way }: Way = {}): Bus => {
    const bus = rabbitBus({
      url: around ? url : byLine,
      ...way,
      name,
      process: `p${buses.length}`,
      logger: QUIET,
      retryMs: SHORT,
    });
    buses.push(bus);
    return bus;
  };
  t.after(async () => {
    await Promise.all(buses.map((bus) => bus.close(0)));
    await line.close();
  });
  const ask: Stage['ask'] = async (question) => {
    const connection = new Connection({ url, noDelay: true });
    const channel = await connection.acquire();
    try {
      return await question(channel);
    } finally {
      await channel.close();
      await connection.close();
    }
  };
  const bus = open();
  await bus.ready();
  const dead: Stage['dead'] = async () => {
    const found = await ask((channel) => channel.basicGet({ queue: layout.dead.queue }));
    return found && { headers: found.headers ?? {}, body: String(found.body) };
  };
  return { bus, line, open, layout, ask, dead };
}

/** A line to the broker that speaks TLS at our end. */
async function tlsLine(t: TestContext, certificate: { cert: string; key: string }): Promise<number> {
  const { hostname, port } = new URL(rabbit?.url ?? '');
  const server = createServer(certificate, (client) => {
    const broker = connect({ host: hostname, port: Number(port || 5672), noDelay: true });
    client.pipe(broker).pipe(client);
    for (const end of [client, broker]) end.on('error', () => [client, broker].forEach((one) => one.destroy()));
  });
  t.after(() => server.close());
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return (server.address() as AddressInfo).port;
}

const SHORT = [2, 4, 8];

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

async function publishAll(bus: Bus, channel: 'incoming.1' | 'outgoing.discord', count: number): Promise<void> {
  await Promise.all(range(count).map((n) => bus.publish(channel, `${n}`)));
}
