import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Connection, type Channel } from 'rabbitmq-client';
import { stockLayout } from '#bridge/stock-layout.ts';
import { layoutOf } from '#bus/rabbit-layout.ts';
import { migrate } from '#storage/migrate.ts';
import { openPostgres } from '#storage/postgres.ts';
import { seeProcess } from '#storage/processes.ts';
import { takeLeases } from '#storage/leases.ts';
import type { Storage } from '#storage/storage.ts';
import { issueCertificates } from '#src/certs.ts';
import { readConfig } from '#src/config.ts';
import { temporaryFolder, type Ends } from '#test/contracts/fixtures.ts';
import { ownPostgres } from '#test/support/own-postgres.ts';
import { connectRedis, ownRedis } from '#test/support/own-redis.ts';
import { askPostgres, startPostgres, type Postgres } from '#test/support/postgres.ts';
import { startRabbit, type Rabbit } from '#test/support/rabbitmq.ts';
import { startRedis, type RedisForTests } from '#test/support/redis.ts';
import { checkDeployment } from './deployment-checks.ts';

/** What the look at the engines of these settings says: `state what: lines`. */
async function found(settings: NodeJS.ProcessEnv): Promise<string[]> {
  const config = { ...readConfig({}, '/nowhere'), ...settings };
  const findings = await checkDeployment(config as ReturnType<typeof readConfig>);
  return findings.map(({ state, what, lines }) => `${state} ${what}: ${lines.join(' ')}`);
}

const wrong = (lines: string[]): string[] => lines.filter((line) => line.startsWith('wrong'));

/** One finding, or none of this kind. */
async function only(settings: NodeJS.ProcessEnv, says: RegExp): Promise<void> {
  const lines = wrong(await found(settings));
  assert.equal(lines.length, 1, lines.join('\n') || 'nothing was found wrong');
  assert.match(lines[0] ?? '', says);
  assert.doesNotMatch(lines[0] ?? '', /geheim/);
}

/** Something that listens on loopback and answers with these bytes, if any. */
async function stranger(t: Ends, says?: string): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (says !== undefined) socket.end(says);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const here = {
  postgres: await startPostgres(),
  rabbit: await startRabbit(),
  redis: await startRedis(),
};
after(() => Promise.all(Object.values(here).map((engine) => engine?.stop())).then(() => undefined));

describe('a look at PostgreSQL', { concurrency: 2, skip: here.postgres ? false : 'no PostgreSQL here' }, () => {
  const postgres = here.postgres as Postgres;

  test('that is well says its version, its clock and its connections', async () => {
    const [line = '', ...others] = await found({ DATABASE_URL: await postgres.freshDatabase() });
    assert.match(
      line,
      /^ok postgres: PostgreSQL \d+\.\d+ at \S+:\d+, database guildhall_test_\w+ on this machine, clock \d+\.\d\d s off, \d+ of \d+ connections in use$/,
    );
    assert.deepEqual(others, []);
  });

  test('names a user’s missing rights, and tables that are another’s', async (t) => {
    const url = await postgres.freshDatabase();
    const name = new URL(url).pathname.slice(1);
    await askPostgres(url, `create role ${name} login password 'geheim'`);
    t.after(() => askPostgres(url, `drop role ${name}`).then(() => undefined));
    await askPostgres(url, 'revoke create on schema public from public');
    await askPostgres(url, 'create table theirs (id int)');
    const mine = Object.assign(new URL(url), { username: name, password: 'geheim' }).href;
    const lines = wrong(await found({ DATABASE_URL: mine }));
    assert.equal(lines.length, 2, lines.join('\n'));
    assert.match(lines[0] ?? '', /may not make tables.*alter database/);
    assert.match(lines[1] ?? '', /belong to another user: theirs/);
  });

  test('names a database that was not made for all languages', async (t) => {
    const url = await postgres.freshDatabase();
    const name = `${new URL(url).pathname.slice(1)}_ascii`;
    await askPostgres(
      url,
      `create database ${name} template template0 encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C'`,
    );
    t.after(() => askPostgres(url, `drop database ${name} with (force)`).then(() => undefined));
    await only(
      { DATABASE_URL: Object.assign(new URL(url), { pathname: `/${name}` }).href },
      /made for SQL_ASCII.*UTF8/,
    );
  });

  test('counts whether there are connections for all processes', async (t) => {
    const { url, storage } = await prepared(t);
    for (const id of ['hall_1', 'bot_1', 'worker_1']) await seen(storage, id);
    await askPostgres(url, `alter database ${new URL(url).pathname.slice(1)} connection limit 25`);
    const lines = wrong(await found({ DATABASE_URL: url }));
    assert.match(
      lines[0] ?? '',
      /3 processes may open 30 connections, others have \d+, and 25 are allowed.*max_connections/,
    );
    await askPostgres(url, `update processes set seen_at = seen_at - 60000`);
    assert.deepEqual(wrong(await found({ DATABASE_URL: url })), [], 'those that are gone count for nothing');
  });

  test('says where a move is not at its end', async (t) => {
    const { url } = await prepared(t);
    await askPostgres(url, `insert into instance values ('move', '{"from":"x","state":"under way"}')`);
    await only({ DATABASE_URL: url }, /not at its end.*guildhall -- move/);
  });

  test('tells who is let in by no password, what database is missing, and where nobody is', async (t) => {
    const url = new URL(await postgres.freshDatabase());
    const other = (change: Partial<URL>): NodeJS.ProcessEnv => ({
      DATABASE_URL: Object.assign(new URL(url), change).href,
    });
    await only(other({ username: 'nobody', password: 'geheim' }), /does not let “nobody” in/);
    await only(other({ pathname: '/nix' }), /There is no database “nix”.*createdb/);
    await only(other({ port: '1' }), /Nobody answers at \S+:1\./);
    await only(other({ port: String(await stranger(t)) }), /Nobody answers at/);
    await only(other({ hostname: 'db.invalid', search: '?sslmode=verify-full' }), /no machine called db\.invalid/);
    await only(other({ search: '?sslmode=prefer' }), /sslmode=verify-full/);
  });

  test('over TLS trusts the authority in ENGINE_CA and no other, and goes by the name', async (t) => {
    const folder = temporaryFolder(t);
    await issueCertificates(folder, { hosts: [], renew: false });
    const pem = (path: string): string => readFileSync(join(folder, path), 'utf8');
    const server = await ownPostgres({ tls: { cert: pem('postgres/cert.pem'), key: pem('postgres/key.pem') } });
    t.after(() => server.remove());
    const url = new URL(await server.freshDatabase());
    url.searchParams.set('sslmode', 'verify-full');
    const ENGINE_CA = join(folder, 'ca.pem');
    assert.match((await found({ DATABASE_URL: url.href, ENGINE_CA }))[0] ?? '', /^ok postgres: .* TLS, clock/);
    await only({ DATABASE_URL: url.href }, /authority that is not known here.*ENGINE_CA/);
    url.hostname = '127.0.0.2';
    await only({ DATABASE_URL: url.href, ENGINE_CA }, /Nobody answers|for another name than 127\.0\.0\.2/);
  });

  /** A database with tables, in which processes may be. */
  async function prepared(t: Ends): Promise<{ url: string; storage: Storage }> {
    const url = await postgres.freshDatabase();
    const storage = openPostgres(url);
    t.after(() => storage.close());
    await migrate(storage);
    return { url, storage };
  }

  const seen = (storage: Storage, id: string, more: object = {}): Promise<void> =>
    seeProcess(storage, { id, role: id.split('_')[0] ?? '', version: '1.0.0', health: [], ...more });

  describe('and the processes on it', { concurrency: 2 }, () => {
    const told = async (url: string): Promise<string[]> =>
      (await found({ DATABASE_URL: url })).filter((line) => !line.includes(' postgres: '));

    test('says that none runs', async (t) => {
      const { url } = await prepared(t);
      assert.deepEqual(await told(url), ['note processes: none runs on this database']);
    });

    test('tells each, since when and how it is, who holds what, and who is missing', async (t) => {
      const { url, storage } = await prepared(t);
      await seen(storage, 'hall_1', { health: [{ name: 'redis', state: 'down', why: 'Redis is away' }] });
      await seen(storage, 'bot_1', { health: [{ name: 'relay', state: 'standby' }] });
      await askPostgres(url, `update processes set started_at = started_at - 60000`);
      await takeLeases(storage, { holder: 'bot_1', names: ['relay'], ms: 60_000 });
      const lines = await told(url);
      assert.match(
        lines[0] ?? '',
        /^ok process: bot 1\.0\.0 since \d{4}-\d\d-\d\d \d\d:\d\d UTC, relay stands by bot_1$/,
      );
      assert.match(lines[1] ?? '', /^ok process: hall 1\.0\.0 .*hall_1$/);
      assert.match(lines[2] ?? '', /^wrong process: redis is down in the hall: Redis is away/);
      assert.match(lines[3] ?? '', /^wrong processes: No worker runs: .* --role worker$/);
      assert.equal(lines[4], 'ok leases: relay by bot (bot_1)');
      assert.equal(lines.length, 5);
    });

    test('does not hurry one that has just begun', async (t) => {
      const { url, storage } = await prepared(t);
      await seen(storage, 'hall_1', { role: 'all', health: [{ name: 'redis', state: 'down', why: 'not yet' }] });
      assert.match((await told(url))[1] ?? '', /^note process: redis is down/);
    });

    test('misses nobody where one process does everything', async (t) => {
      const { url, storage } = await prepared(t);
      await seen(storage, 'hall_1', { role: 'all' });
      assert.equal((await told(url)).length, 1);
    });

    test('tells versions that differ, and a process that ended without a word', async (t) => {
      const { url, storage } = await prepared(t);
      for (const id of ['hall_1', 'bot_1', 'worker_1']) await seen(storage, id);
      await seen(storage, 'hall_2', { version: '1.1.0' });
      await seen(storage, 'bot_2');
      await askPostgres(url, `update processes set seen_at = seen_at - 300000 where id = 'bot_2'`);
      const lines = await told(url);
      assert.ok(lines.includes('note process: bot ended without a word 5 min ago (bot_2)'), lines.join('\n'));
      assert.ok(
        lines.some((line) => line.startsWith('note processes: versions 1.0.0 and 1.1.0')),
        lines.join('\n'),
      );
      assert.deepEqual(wrong(lines), []);
    });
  });
});

describe('a look at RabbitMQ', { concurrency: 2, skip: here.rabbit ? false : 'no RabbitMQ here' }, () => {
  const rabbit = here.rabbit as Rabbit;
  const named = (name: string): string => `${rabbit.url}?name=${name}`;

  test('that is well says its version, and that no queue is there yet', async () => {
    const lines = await found({ AMQP_URL: named(rabbit.freshName()) });
    assert.equal(lines.length, 1);
    assert.match(
      lines[0] ?? '',
      /^ok rabbitmq: RabbitMQ \d+\.\d+\.\d+ at \S+, vhost \S+ on this machine, no queues yet/,
    );
  });

  test('says what waits, where nobody takes it and who would, and what was given up', async () => {
    const name = rabbit.freshName();
    const layout = layoutOf(name);
    await filled(rabbit.url, [layout.queueOf('incoming.3'), layout.queueOf('outgoing.discord'), layout.dead]);
    const lines = await found({ AMQP_URL: named(name) });
    assert.match(lines[0] ?? '', new RegExp(`${name}\\.incoming\\.3 2, ${name}\\.outgoing\\.discord 2`));
    assert.match(wrong(lines)[0] ?? '', /2 wait in \S+incoming\.3, and nobody takes them.*--role bot/);
    assert.match(wrong(lines)[1] ?? '', /2 wait in \S+outgoing\.discord.*--role discord/);
    assert.ok(lines.some((line) => line.startsWith('note rabbitmq: 2 given up')));
  });

  test('with the bridge it says that the stock bot is not there', async (t) => {
    const name = rabbit.freshName();
    const { requests, answers, refused } = stockLayout(name);
    t.after(() => removed(rabbit.url, [requests, answers, refused]));
    await filled(rabbit.url, [requests, answers]);
    assert.deepEqual(wrong(await found({ AMQP_URL: named(name) })), []);
    const lines = wrong(await found({ AMQP_URL: named(name), STOCK_BRIDGE: 'on' }));
    assert.match(lines[0] ?? '', /2 wait in \S+requeststock.*your stock bot: docs\/stock\.md/);
    assert.match(lines[1] ?? '', /2 wait in \S+publishstock.*--role worker/);
  });

  test('tells a wrong password, a missing vhost, and what is no broker', async (t) => {
    const url = new URL(rabbit.url);
    const other = (change: Partial<URL>): NodeJS.ProcessEnv => ({ AMQP_URL: Object.assign(new URL(url), change).href });
    await only(other({ password: 'geheim' }), /does not let “\w+” in/);
    await only(other({ pathname: '/nix' }), /There is no vhost “nix”.*broker-policy/);
    await only(other({ port: '1' }), /Nobody answers at \S+:1\./);
    await only(other({ port: String(await stranger(t, 'HTTP/1.1 400 Bad Request\r\n\r\n')) }), /does not speak AMQP/);
    await only(other({ port: String(await stranger(t)) }), /Nobody answers at/);
    await only(other({ protocol: 'amqps:' }), /does not speak TLS/);
  });
});

describe('a look at Redis', { concurrency: 2, skip: here.redis ? false : 'no Redis here' }, () => {
  const redis = here.redis as RedisForTests;

  test('that is well says its version and its memory, and leaves nothing behind', async () => {
    const lines = await found({ REDIS_URL: redis.url });
    assert.equal(lines.length, 1);
    assert.match(
      lines[0] ?? '',
      /^ok redis: Redis \d+\.\d+\.\d+ at \S+ on this machine, (memory without a bound|\d+ MB)/,
    );
  });

  test('a user with the rights that the program needs is enough, one with fewer is told', async (t) => {
    const server = await ownRedis();
    t.after(() => server.remove());
    const admin = await connectRedis(server.url);
    const rights = ['+auth', '+hello', '+select', '+ping', '+script|load', '+evalsha', '+time', '+get', '+set', '+del'];
    const make = (name: string, ...given: string[]) =>
      admin.call('ACL', 'SETUSER', name, 'on', '>geheim', 'resetchannels', '~guildhall:*', '-@all', ...given);
    await make('enough', ...rights);
    await make('few', ...rights.slice(0, -2));
    const as = (name: string): NodeJS.ProcessEnv => ({
      REDIS_URL: Object.assign(new URL(server.url), { username: name, password: 'geheim' }).href,
    });
    const [line = '', ...others] = await found(as('enough'));
    assert.match(line, /^ok redis: .*may not run INFO/);
    assert.deepEqual(others, []);
    await only(as('few'), /may not do what is needed/);
    admin.disconnect();
  });

  test('a memory that throws away what it likes is told', async (t) => {
    const server = await ownRedis();
    t.after(() => server.remove());
    const admin = await connectRedis(server.url);
    await admin.config('SET', 'maxmemory', '100mb');
    assert.deepEqual(wrong(await found({ REDIS_URL: server.url })), []);
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await only({ REDIS_URL: server.url }, /allkeys-lru.*limits and waits.*noeviction or volatile/);
    admin.disconnect();
  });

  test('over TLS trusts the authority in ENGINE_CA and no other', async (t) => {
    const folder = temporaryFolder(t);
    await issueCertificates(folder, { hosts: [], renew: false });
    const pem = (path: string): string => readFileSync(join(folder, path), 'utf8');
    const tls = { cert: pem('redis/cert.pem'), key: pem('redis/key.pem'), ca: pem('ca.pem') };
    const server = await ownRedis({ tls });
    t.after(() => server.remove());
    const REDIS_URL = server.url.replace('redis:', 'rediss:');
    assert.match((await found({ REDIS_URL, ENGINE_CA: join(folder, 'ca.pem') }))[0] ?? '', /^ok redis: .* TLS,/);
    await only({ REDIS_URL }, /authority that is not known here.*ENGINE_CA/);
  });

  test('tells a wrong password, and what is no Redis', async (t) => {
    const url = new URL(redis.url);
    const other = (change: Partial<URL>): NodeJS.ProcessEnv => ({
      REDIS_URL: Object.assign(new URL(url), change).href,
    });
    await only(other({ username: 'nobody', password: 'geheim' }), /does not let “nobody” in/);
    await only(other({ port: '1' }), /Nobody answers at \S+:1\./);
    await only(other({ port: String(await stranger(t, 'HTTP/1.1 400 Bad Request\r\n\r\n')) }), /Redis/);
    await only(other({ port: String(await stranger(t)) }), /Nobody answers at/);
  });
});

type Queues = ReturnType<ReturnType<typeof layoutOf>['queueOf']>[];

/** Makes queues as the bus does, and two messages in each that nobody takes. */
async function filled(url: string, queues: Queues): Promise<void> {
  await onChannel(url, async (channel) => {
    await channel.confirmSelect();
    for (const { queue, arguments: args } of queues) {
      await channel.queueDeclare({ queue, durable: true, arguments: args });
      for (const body of ['one', 'two']) await channel.basicPublish({ routingKey: queue, durable: true }, body);
    }
  });
}

function removed(url: string, queues: Queues): Promise<void> {
  return onChannel(url, async (channel) => {
    for (const { queue } of queues) await channel.queueDelete({ queue });
  });
}

async function onChannel(url: string, work: (channel: Channel) => Promise<void>): Promise<void> {
  const connection = new Connection(url);
  const channel = await connection.acquire();
  await work(channel);
  await channel.close();
  await connection.close();
}
