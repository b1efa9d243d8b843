import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ROOT } from '#test/support/child.ts';
import { withoutPackages } from '#test/support/image-lab.ts';
import { SPLIT_PACKAGES, SplitStage } from '#test/support/split-stage.ts';
import { PASSWORD } from '#test/support/person.ts';
import { eventually } from '#test/support/wait.ts';

const missing = await withoutPackages(SPLIT_PACKAGES);
const SERVICES = ['postgres', 'rabbitmq', 'redis', 'hall', 'hall', 'bot', 'bot', 'worker', 'vault', 'caddy'];

describe('the split deployment, as its compose file says', { skip: missing }, () => {
  const stage = new SplitStage(SERVICES);
  let token = '';
  let room = '';
  before(() => stage.open());
  after(() => stage.close());

  const ask = async <Shape>(path: string, body?: object, method = body ? 'POST' : 'GET') => {
    const { status, text } = await stage.fromOutside(path, { method, ...(body && { body }), token });
    assert.ok(status < 300, `${method} ${path}: ${status} ${text}`);
    return JSON.parse(text) as Shape;
  };

  /** As the pages do it: said again under the same name where there was no answer, so that it stands there once. */
  const say = (n: number) =>
    eventually(`“hello ${n}” to be taken`, () =>
      ask(`/v1/rooms/${room}/messages`, { text: `hello ${n}`, clientId: `hello-${n}` }),
    );

  test('each container’s own health check finds it well', async () => {
    assert.equal(stage.instances.length, SERVICES.length);
    const waiting = new Set(stage.instances);
    for (let round = 0; round < START_ROUNDS && waiting.size > 0; round++)
      await eventually('all to be well', async () => {
        for (const one of waiting) if (await stage.isWell(one)) waiting.delete(one);
        return waiting.size === 0 || undefined;
      }).catch(() => undefined);
    assert.deepEqual(
      [...waiting].map(({ name }) => `${name}: ${stage.log(name)}`),
      [],
    );
  });

  test('and every role says that it has all its engines', async () => {
    for (const { name } of stage.instances.filter((one) => ROLES.has(one.kind)))
      await eventually(`${name} to be ready`, async () => {
        const asked = ['curl', '--silent', '--insecure', '--max-time', '5', 'https://127.0.0.1:3000/health/ready'];
        const { status, notReady } = JSON.parse((await stage.inside(name, asked)).said) as Ready;
        return (status === 'ready' && notReady.length === 0) || undefined;
      });
  });

  test('somebody comes in by HTTPS, talks, and the bot answers', async () => {
    const [, invite] = await eventually(
      'the owner’s link',
      () => /\/first\/([\w-]+)/.exec(stage.log('hall')) ?? undefined,
    );
    const who = { username: 'olga', password: PASSWORD };
    await ask('/v1/accounts', { ...who, invite });
    ({ token } = await ask<{ token: string }>('/v1/sessions', who));
    const { rooms } = await ask<{ rooms: { id: string }[] }>('/v1/rooms');
    room = rooms[0]?.id ?? '';
    for (let n = 1; n <= 4; n++) await say(n);
    const { reply } = await ask<{ reply: { text: string } }>('/v1/commands/help?wait=15', {});
    assert.match(reply.text, /\/stock symbol/);
    const { messages } = await ask<{ messages: { seq: number }[] }>(`/v1/rooms/${room}/messages`);
    assert.deepEqual(
      messages.map(({ seq }) => seq),
      [1, 2, 3, 4],
    );
  });

  test('somebody entrusts a key, and the vault can open it', async () => {
    const put = await stage.fromOutside('/v1/me/secrets/torn', {
      method: 'PUT',
      body: { value: 'a-key-of-olga' },
      token,
    });
    assert.equal(put.status, 204, put.text);
    const check = await stage.fromOutside('/v1/me/secrets/torn/check', { method: 'POST', token });
    assert.equal(check.status, 204, check.text);
    assert.match(stage.log('vault-1'), /master key made at \/data\/vault\/keys\.json/);
  });

  test('the operator’s commands work beside a hall: doctor finds the engines, a backup is whole', async () => {
    const guildhall = (...words: string[]) =>
      stage.inContainer('hall-1', [process.execPath, join(ROOT, 'src/guildhall.ts'), ...words]);
    const { said } = await guildhall('doctor');
    for (const part of ['database', 'rabbitmq', 'redis'])
      assert.match(said, new RegExp(`"state":"ok","what":"${part}"`), said);
    const made = await guildhall('backup', '/tmp/hall.db');
    assert.deepEqual([made.code, /4 messages, 1 accounts .* Read back: whole/.test(made.said)], [0, true], made.said);
    const dump = await stage.inContainer('postgres-1', [
      'pg_dump',
      '--username',
      'postgres',
      '--format',
      'custom',
      'guildhall',
    ]);
    assert.equal(dump.code, 0, dump.said);
  });

  test('who is killed is not missed: a hall while people read and write, a bot before the next command', async () => {
    await stage.kill('hall-1', 'KILL');
    for (let n = 5; n <= 14; n++) await say(n);
    await stage.kill('bot-1', 'KILL');
    const { reply } = await eventually('an answer', () =>
      ask<{ reply: { text: string } }>('/v1/commands/help?wait=15', {}),
    );
    assert.match(reply.text, /\/stock symbol/);
    const { messages } = await ask<{ messages: { text: string }[] }>(`/v1/rooms/${room}/messages`);
    assert.deepEqual(
      messages.map(({ text }) => text),
      Array.from({ length: 14 }, (_, n) => `hello ${n + 1}`),
    );
  });

  test('figures, the halls and the engines are not to be had from outside, and Caddy sees no engine', async () => {
    assert.equal((await stage.fromOutside('/metrics', { method: 'GET' })).status, 404);
    for (const [from, to, port] of CLOSED)
      assert.equal(await stage.reaches(from, stage.addressOf(to), port), false, `${from} reaches ${to}`);
    assert.equal(await stage.reaches('caddy-1', stage.addressOf('hall-2', 'edge'), 3000), true);
    assert.equal(await stage.reaches('bot-2', stage.addressOf('postgres-1'), 5432), true);
    assert.equal(await stage.reaches('bot-2', stage.addressOf('vault-1'), 7443), true);
  });

  test('the engines talk to nobody without TLS', async () => {
    const plain = await stage.inside('bot-2', ['redis-cli', '-h', stage.addressOf('redis-1'), 'ping']);
    assert.doesNotMatch(plain.said, /PONG|NOAUTH/);
    const url = `postgres://guildhall@${stage.addressOf('postgres-1')}/guildhall?sslmode=disable`;
    assert.match((await stage.inside('bot-2', ['psql', url])).said, /no pg_hba.conf entry.*no encryption/);
  });

  test('asked to stop, every role ends within 20 s', async () => {
    for (const name of ['hall-2', 'bot-2', 'worker-1', 'vault-1']) {
      const began = performance.now();
      await stage.kill(name, 'TERM');
      await eventually(`${name} to end`, async () => (await stage.runs(name)) === false || undefined);
      assert.ok(performance.now() - began < 20_000);
      assert.match(stage.log(name), /Stopped/);
    }
  });
});

const ROLES = new Set(['hall', 'bot', 'worker', 'vault']);

interface Ready {
  status: string;
  notReady: { name: string; why: string }[];
}

/** Waits of 20 s: a broker and a database begin at once, on a machine that may be busy. */
const START_ROUNDS = 6;

/** Doors that must be shut. */
const CLOSED: [from: string, to: string, port: number][] = [
  ['world', 'hall-2', 3000],
  ['world', 'postgres-1', 5432],
  ['caddy-1', 'postgres-1', 5432],
  ['caddy-1', 'rabbitmq-1', 5671],
  ['caddy-1', 'redis-1', 6379],
  ['hall-2', 'caddy-1', 2019],
  ['bot-2', 'caddy-1', 8443],
  ['caddy-1', 'vault-1', 7443],
  ['world', 'vault-1', 7443],
  ['vault-1', 'postgres-1', 5432],
  ['vault-1', 'rabbitmq-1', 5671],
  ['bot-2', 'rabbitmq-1', 25_672],
  ['bot-2', 'rabbitmq-1', 4369],
];
