import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { Connection } from 'rabbitmq-client';
import { stockLayout } from '#bridge/stock-layout.ts';
import type { Bus, DurableChannel } from '#bus/bus.ts';
import { layoutOf } from '#bus/rabbit-layout.ts';
import { rabbitBus } from '#bus/rabbitmq.ts';
import { BROKER_ROLES, brokerRights, brokerUser, type BrokerRole } from '#src/broker-definitions.ts';
import { readConfig } from '#src/config.ts';
import { temporaryFolder } from '#test/contracts/fixtures.ts';
import { policedRabbit, type PolicedRabbit } from '#test/support/policed-rabbit.ts';
import { eventually } from '#test/support/wait.ts';
import { brokerPolicy } from './broker-policy.ts';
import { WrongUse } from './command-line.ts';

/** What each role takes. */
const TAKES: Record<Exclude<BrokerRole, 'bridge'>, DurableChannel[]> = {
  hall: ['outgoing.webchat', 'outgoing.http'],
  bot: [0, 1, 2, 3, 4, 5, 6, 7].map((part): DurableChannel => `incoming.${part}`),
  worker: ['jobs'],
  discord: ['outgoing.discord'],
  slack: ['outgoing.slack'],
  twitch: ['outgoing.twitch'],
};

const ALL = Object.values(TAKES).flat();

describe('a broker whose users have the least rights', () => {
  let policed: PolicedRabbit | undefined;
  before(async () => (policed = await policedRabbit()));
  after(() => policed?.rabbit.remove());

  for (const [role, takes] of Object.entries(TAKES) as [Exclude<BrokerRole, 'bridge'>, DurableChannel[]][])
    test(`${role} takes what is its own, hands back, gives to all, and announces`, async (t) => {
      if (!policed) return t.skip('no RabbitMQ here');
      const bus = as(t, policed, role);
      const got: unknown[] = [];
      for (const channel of takes) {
        let tries = 0;
        bus.subscribe(channel, async (body) => {
          // Others gave something here, too.
          if (body !== channel) return;
          if (++tries === 1) throw new Error('not yet');
          got.push(body);
        });
      }
      await bus.ready();
      await Promise.all(takes.map((channel) => bus.publish(channel, JSON.stringify(channel))));
      await eventually('its own', () => (got.length === takes.length ? true : undefined));
      assert.deepEqual(got.toSorted(), takes.toSorted());
      await Promise.all(
        ALL.filter((one) => !takes.includes(one)).map((channel) => bus.publish(channel, '"for others"')),
      );
      if (role !== 'hall') await hearsInHall(t, policed, bus);
    });

  test('a hall hears what is announced; nobody else may listen', async (t) => {
    if (!policed) return t.skip('no RabbitMQ here');
    const bot = as(t, policed, 'bot');
    bot.listen('rooms', () => undefined);
    await eventually('a refusal', () => (/ACCESS_REFUSED/.test(bot.health().why ?? '') ? true : undefined));
  });

  for (const role of BROKER_ROLES)
    test(`${role} can do no more: not read, make, delete or write what is not its own`, async (t) => {
      if (!policed) return t.skip('no RabbitMQ here');
      const layout = layoutOf();
      const { requests, answers, refused } = stockLayout();
      const own = role === 'bridge' ? [requests.queue] : TAKES[role].map((one) => layout.queueOf(one).queue);
      if (role === 'worker') own.push(answers.queue);
      const all = [
        ...ALL.map((one) => layout.queueOf(one)),
        ...layout.retries,
        layout.dead,
        requests,
        answers,
        refused,
      ];
      const queues = all.map(({ queue }) => queue);
      await asUser(policed, role, async (tries) => {
        for (const queue of queues) {
          if (!own.includes(queue)) await tries((channel) => channel.basicGet({ queue }), `read ${queue}`);
          await tries((channel) => channel.queueDelete({ queue }), `delete ${queue}`);
          await tries((channel) => channel.queuePurge({ queue }), own.includes(queue) ? undefined : `purge ${queue}`);
        }
        await tries((channel) => channel.queueDeclare({ queue: 'another' }), 'make a queue');
        await tries((channel) => channel.exchangeDelete({ exchange: layout.work }), 'delete an exchange');
        await tries(async (channel) => {
          await channel.confirmSelect();
          await channel.basicPublish({ routingKey: queues[0] ?? '' }, 'past the exchange');
        }, 'write to a queue past the exchange');
        if (role === 'bridge')
          for (const exchange of [layout.work, layout.retry])
            await tries(async (channel) => {
              await channel.confirmSelect();
              await channel.basicPublish({ exchange, routingKey: 'jobs' }, 'forged');
            }, `write to ${exchange}`);
      });
    });

  test('without the queues it says which is missing, and what to do; what is printed for an update makes them', async (t) => {
    if (!policed) return t.skip('no RabbitMQ here');
    const { rabbit } = policed;
    const queue = layoutOf().queueOf('jobs').queue;
    await onChannel(rabbit.url, (channel) => channel.queueDelete({ queue }));
    const bus = as(t, policed, 'worker');
    bus.subscribe('jobs', async () => undefined);
    await eventually('a word', () =>
      /guildhall\.jobs.*broker-policy/.test(bus.health().why ?? '') ? true : undefined,
    );
    const path = join(temporaryFolder(t), 'queues.json');
    writeFileSync(path, await printed(['--queues']));
    rabbit.control('import_definitions', path);
    await bus.ready();
    await bus.publish('jobs', '1');
  });

  test('a command that it prints gives a user the rights of its role', async (t) => {
    if (!policed) return t.skip('no RabbitMQ here');
    const line = (await printed([]))
      .split('\n')
      .find((one) => one.includes('set_permissions') && one.includes('-twitch'));
    const words = line?.match(/'[^']*'|\S+/g)?.map((word) => word.replaceAll("'", '')) ?? [];
    assert.equal(words[0], 'rabbitmqctl');
    const { rabbit } = policed;
    rabbit.control('clear_permissions', brokerUser('twitch'));
    rabbit.control(...words.slice(1));
    const { configure, write, read } = brokerRights('twitch');
    const listed = JSON.parse(rabbit.control('list_user_permissions', brokerUser('twitch'), '--formatter', 'json'));
    assert.deepEqual(listed, [{ vhost: '/', configure, write, read }]);
  });
});

describe('broker-policy', () => {
  test('prints definitions under another name and for another vhost', async () => {
    const { queues, permissions } = JSON.parse(await printed(['--json', '--name', 'club', '--vhost', 'games']));
    assert.ok(
      queues.every(({ name, vhost }: { name: string; vhost: string }) => name.startsWith('club.') && vhost === 'games'),
    );
    assert.equal(permissions[0].user, 'club-hall');
  });

  test('refuses what is no name, and words that it does not know', async () => {
    for (const words of [['--name', 'a b'], ['--vhost', "'; rm"], ['--yaml'], ['more']])
      await assert.rejects(printed(words), WrongUse);
  });
});

function as(t: TestContext, policed: PolicedRabbit, role: BrokerRole): Bus {
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const bus = rabbitBus({
    url: policed.urlOf(role),
    process: `${role}-${randomBytes(4).toString('hex')}`,
    logger: quiet,
  });
  t.after(() => bus.close(0));
  return bus;
}

async function hearsInHall(t: TestContext, policed: PolicedRabbit, bus: Bus): Promise<void> {
  const hall = as(t, policed, 'hall');
  const heard: unknown[] = [];
  hall.listen('rooms', (body) => void heard.push(body));
  await hall.ready();
  bus.announce('rooms', 'a word');
  await eventually('the word', () => (heard.length > 0 ? true : undefined));
}

type Channel = Awaited<ReturnType<Connection['acquire']>>;

async function onChannel(url: string, act: (channel: Channel) => Promise<unknown>): Promise<void> {
  const connection = new Connection({ url, noDelay: true });
  connection.on('error', () => undefined);
  const channel = await connection.acquire();
  try {
    await act(channel);
  } finally {
    await channel.close();
    await connection.close();
  }
}

/** What a refusal is about; nothing where it is allowed. */
type Tries = (act: (channel: Channel) => Promise<unknown>, refused: string | undefined) => Promise<void>;

/** As a role's user, on a channel for each act: a refusal ends it. */
async function asUser(policed: PolicedRabbit, role: BrokerRole, acts: (tries: Tries) => Promise<void>): Promise<void> {
  const connection = new Connection({ url: policed.urlOf(role), noDelay: true });
  connection.on('error', () => undefined);
  await acts(async (act, refused) => {
    const channel = await connection.acquire({ emitErrorsFromChannel: true });
    channel.on('error', () => undefined);
    if (refused === undefined) await act(channel);
    else await assert.rejects(act(channel), { code: 'ACCESS_REFUSED' }, `${role} may ${refused}`);
    await channel.close();
  });
  await connection.close();
}

/** What the command prints to its output. */
async function printed(words: string[]): Promise<string> {
  const { write } = process.stdout;
  let text = '';
  process.stdout.write = (chunk: string | Uint8Array) => {
    text += String(chunk);
    return true;
  };
  const quiet = () => undefined;
  try {
    const say = { ok: quiet, note: quiet, wrong: quiet, plain: quiet };
    assert.equal(await brokerPolicy({ config: readConfig({}, '/nowhere'), say, words }), 0);
  } finally {
    process.stdout.write = write;
  }
  return text;
}
