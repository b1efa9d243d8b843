import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Connection } from 'rabbitmq-client';
import { layoutOf } from '#bus/rabbit-layout.ts';
import { canaryOf, formsBelow, formsIn, formsInFile } from '#test/support/canary.ts';
import { Cluster } from '#test/support/cluster.ts';
import { type Deployment, SHAPES, startDeployment } from '#test/support/deployment.ts';
import { startGuildhall } from '#test/support/guildhall.ts';
import { call, member, owner, type Person } from '#test/support/person.ts';
import { eventually } from '#test/support/wait.ts';

/** Everything is written down, nobody is too fast, and each process shows what is in its memory on a signal. */
const SETTINGS = {
  LOG_LEVEL: 'trace',
  POST_LIMIT: '100000/1',
  READ_LIMIT: '100000/1',
  NODE_OPTIONS: '--heapsnapshot-signal=SIGUSR2',
};

/** Two of a role have the same in them. */
const ONE_OF_EACH = { hall: 1, bot: 1, worker: 1, vault: 1 };

for (const shape of SHAPES)
  describe(`a secret that somebody entrusted to the hall, ${shape}`, { concurrency: 1 }, () => {
    const canary = canaryOf(`Canary+${randomUUID()}/ö "wings" %41`);
    let hall: Deployment;
    let olga: Person;
    let ann: Person;
    let community: string;
    let onBus: string[];
    let endTap: () => Promise<void>;

    before(async () => {
      hall = await startDeployment(shape, SETTINGS, ONE_OF_EACH);
      [onBus, endTap] = await tap(hall);
      olga = await owner(hall);
      ann = await member(olga, 'ann');
      const { communities } = await olga.done<{ communities: { id: string }[] }>('GET', '/v1/me').then(withCommunities);
      community = communities[0]?.id ?? '';
    });
    after(async () => {
      await endTap?.();
      await hall?.remove();
    });

    test('is set, listed, checked, replaced and used in every way there is', async () => {
      const value = canary.value;
      for (const path of ['/v1/me/secrets/torn', `/v1/communities/${community}/secrets/torn`]) {
        await eventually(
          'the vault',
          async () => (await olga.call('PUT', path, { value })).status === 204 || undefined,
        );
        await olga.done('POST', `${path}/check`);
        await olga.done('PUT', path, { value });
      }
      await ann.done('PUT', '/v1/me/secrets/torn', { value });
      await ann.done('PUT', '/v1/me/secrets/something-else', { value });
      await ann.done('DELETE', '/v1/me/secrets/something-else');
    });

    test('is in no answer, not even to a thousand malformed requests', async () => {
      const answers: string[] = [];
      for (let turn = 0; turn < 1_000 / MALFORMED.length; turn++)
        answers.push(...(await Promise.all(MALFORMED.map((make) => make(hall, ann, canary.value)))));
      assert.ok(answers.length >= 1_000);
      assert.deepEqual([...new Set(answers.flatMap((answer) => formsIn(canary, answer)))], []);
    });

    test('is in nothing that the hall tells of itself or of others', async () => {
      const paths = ['/v1/me', '/v1/me/secrets', `/v1/communities/${community}/secrets`, '/v1/hall', '/v1/sessions'];
      const open = ['/openapi.json', '/metrics', '/health/ready'];
      const texts = await Promise.all([
        ...paths.map(async (path) => (await olga.get(path)).text),
        ...open.map(async (path) => (await call(hall, { method: 'GET', path })).text),
      ]);
      assert.match(texts[1] ?? '', /"torn"/);
      assert.deepEqual(formsIn(canary, texts.join('\n')), []);
    });

    test('is not in the database', async () => {
      assert.deepEqual(formsIn(canary, await databaseOf(hall, shape)), []);
    });

    test('was on no bus', () => {
      if (shape === 'in separate processes') assert.ok(onBus.length > 0, 'nothing was heard on the bus');
      assert.deepEqual(formsIn(canary, onBus.join('\n')), []);
    });

    test('is in no backup, nor in what is restored from one', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'guildhall-canary-'));
      try {
        const [file, env] = [
          join(folder, 'hall.backup'),
          { ...hall.environment(), NODE_OPTIONS: '', XDG_CONFIG_HOME: folder },
        ];
        const made = await startGuildhall(hall.data, ['backup', file], { env }).ended;
        assert.equal(made.code, 0, made.said);
        const at = {
          ...env,
          DATABASE_URL: '',
          AMQP_URL: '',
          REDIS_URL: '',
          VAULT_URL: '',
          GUILDHALL_DATA: join(folder, 'restored'),
        };
        if (shape === 'in one process') {
          const restored = await startGuildhall(folder, ['restore', file], { env: at }).ended;
          assert.equal(restored.code, 0, restored.said);
        }
        assert.deepEqual(await formsBelow(canary, folder), []);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });

    test('is in the memory of no process that is not the vault', async () => {
      const pids = pidsOf(hall);
      for (const pid of pids) process.kill(pid, 'SIGUSR2');
      const taken = await eventually('the snapshots', () => wholeSnapshots(hall.data, pids.length), 60_000);
      for (const path of taken) {
        assert.deepEqual(await formsInFile(canary, path), [], path);
        rmSync(path);
      }
    });

    test('is in no log, and in no file of the hall', async () => {
      await hall.stop();
      assert.match(hall.output, /"level":10|"level":20|"level":30/, 'nothing was written down');
      assert.deepEqual(formsIn(canary, hall.output), []);
      assert.deepEqual(await formsBelow(canary, hall.data), []);
    });
  });

test('a canary that got out would be found in every form', () => {
  const canary = canaryOf('Canary+1234567890/ö');
  for (const [name, form] of Object.entries(canary.forms))
    assert.ok(formsIn(canary, `before ${form} after`).includes(name), name);
  const inside = Buffer.from(`x${canary.value}yz`).toString('base64');
  assert.notDeepEqual(formsIn(canary, inside), []);
});

type Malformed = (hall: Deployment, person: Person, value: string) => Promise<string>;

const mine = '/v1/me/secrets/torn';

function put(
  more: (value: string) => {
    body?: unknown;
    raw?: string;
    path?: string;
    method?: string;
    type?: string;
    stranger?: boolean;
  },
): Malformed {
  return async (hall, person, value) => {
    const { body, raw, path = mine, method = 'PUT', type, stranger } = more(value);
    const answer = await call(
      { url: hall.next() },
      {
        method,
        path,
        body: raw === undefined ? body : Buffer.from(raw),
        ...(!stranger && { token: person.token }),
        ...(type && { headers: { 'content-type': type } }),
      },
    );
    assert.ok(answer.status >= 400 && answer.status < 500, `${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.text + JSON.stringify([...answer.headers]);
  };
}

/** Each holds the secret at a place where it is wrong. */
const MALFORMED: Malformed[] = [
  put((value) => ({ body: { value, valu: value } })),
  put((value) => ({ body: { [value]: value } })),
  put((value) => ({ body: { value: [value] } })),
  put((value) => ({ body: { value: { value } } })),
  put((value) => ({ body: value })),
  put((value) => ({ body: [value] })),
  put((value) => ({ raw: `{"value":${JSON.stringify(value)}` })),
  put((value) => ({ raw: `{"value":${JSON.stringify(value)},}` })),
  put((value) => ({ raw: `{"value":${value}}` })),
  put((value) => ({ raw: value })),
  put((value) => ({ raw: `value=${encodeURIComponent(value)}`, type: 'application/x-www-form-urlencoded' })),
  put((value) => ({ raw: value, type: 'text/plain' })),
  put((value) => ({ raw: `<value>${value}</value>`, type: 'application/xml' })),
  put((value) => ({ body: { value: value.repeat(300) } })),
  put((value) => ({ body: { value: value.repeat(3_000) } })),
  put((value) => ({ body: { value }, path: '/v1/me/secrets/Not%20A%20Name' })),
  put((value) => ({ body: { value }, method: 'POST' })),
  put((value) => ({ body: { value }, path: '/v1/communities/comm_none/secrets/torn' })),
  put((value) => ({ body: { value }, stranger: true })),
  put((value) => ({ body: { value, wait: value }, path: '/v1/commands/help', method: 'POST' })),
];

/** `/v1/me` names the communities of whoever asks. */
function withCommunities(me: unknown): { communities: { id: string }[] } {
  const { communities = [] } = me as { communities?: { id: string }[] };
  return { communities };
}

/** Hears all that goes over the broker, beside those whom it is meant for. */
async function tap(hall: Deployment): Promise<[heard: string[], end: () => Promise<void>]> {
  const heard: string[] = [];
  if (!(hall instanceof Cluster)) return [heard, async () => undefined];
  const url = hall.engines.settings.AMQP_URL;
  const { work, live } = layoutOf(new URL(url).searchParams.get('name') ?? undefined);
  const plain = new URL(url);
  plain.search = '';
  const connection = new Connection(plain.href);
  const consumer = connection.createConsumer(
    {
      queueOptions: { exclusive: true, autoDelete: true },
      queueBindings: [work, live].map((exchange) => ({ exchange, routingKey: '#' })),
      noAck: true,
    },
    (message) =>
      void heard.push(Buffer.isBuffer(message.body) ? message.body.toString() : JSON.stringify(message.body)),
  );
  await eventually('the tap on the bus', () => heard.length > 0 || undefined).catch(() => undefined);
  return [
    heard,
    async () => {
      await consumer.close();
      await connection.close();
    },
  ];
}

/** All rows of all tables, as text. */
async function databaseOf(hall: Deployment, shape: string): Promise<string> {
  const list =
    shape === 'in one process'
      ? `select name from sqlite_master where type = 'table'`
      : `select tablename as name from pg_tables where schemaname = current_schema()`;
  const tables = await hall.rows<{ name: string }>(list);
  assert.ok(tables.some(({ name }) => name === 'secrets'));
  const rows = await Promise.all(tables.map(({ name }) => hall.rows(`select * from "${name}"`)));
  return JSON.stringify(rows);
}

/** Of every process but the vault and who only starts it. */
function pidsOf(hall: Deployment): number[] {
  if (!(hall instanceof Cluster)) return [hall.pid];
  return [...hall.children].map(([, { pid }]) => pid);
}

function wholeSnapshots(folder: string, count: number): string[] | undefined {
  const paths = readdirSync(folder)
    .filter((name) => name.endsWith('.heapsnapshot'))
    .map((name) => join(folder, name));
  const isWhole = (path: string): boolean => existsSync(path) && statSync(path).size > 0 && endsWell(path);
  return paths.length === count && paths.every(isWhole) ? paths : undefined;
}

/** Nobody has written to it for a while. */
function endsWell(path: string): boolean {
  return Date.now() - statSync(path).mtimeMs > 2_000;
}
