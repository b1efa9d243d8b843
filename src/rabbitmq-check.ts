import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Connection } from 'rabbitmq-client';
import { incomingParts, outgoingTo, type DurableChannel } from '#bus/bus.ts';
import { stockLayout } from '#bridge/stock-layout.ts';
import { layoutOf, PARTS } from '#bus/rabbit-layout.ts';
import type { Config } from './config.ts';
import { CHECK_MS, inTime, unusable, type Finding } from './deployment-checks.ts';
import { placeOf } from './engine-refusals.ts';
import { engineCa } from './engines.ts';

/** Version, rights and queues of the RabbitMQ at `url`. */
export async function checkRabbitmq(
  config: Pick<Config, 'ENGINE_CA' | 'STOCK_BRIDGE'>,
  url: string,
): Promise<Finding[]> {
  const ca = engineCa(config);
  try {
    const greeting = await greet(url, ca);
    const connection = connectionTo(url, ca);
    return await inTime(look(connection, { url, greeting, bridge: config.STOCK_BRIDGE === 'on' })).finally(() =>
      connection.unsafeDestroy(),
    );
  } catch (error) {
    return [unusable('rabbitmq', error, { name: 'RabbitMQ', setting: 'AMQP_URL', url })];
  }
}

/** The oldest that the program runs on. */
const OLDEST = [3, 10] as const;

interface Greeting {
  product: string;
  version: string;
}

/** What a broker says of itself before anybody signs in. https://www.rabbitmq.com/amqp-0-9-1-reference#connection.start */
async function greet(url: string, ca: string | undefined): Promise<Greeting> {
  const socket = open(url, ca);
  socket.setTimeout(CHECK_MS, () => socket.destroy(new Error('timed out')));
  try {
    socket.write('AMQP\0\0\u0009\u0001', 'latin1');
    let told = '';
    for await (const chunk of socket) {
      told += (chunk as Buffer).toString('latin1');
      const [product, version] = [property(told, 'product'), property(told, 'version')];
      if (product !== undefined && version !== undefined) return { product, version };
      if (told.length > GREETING_MOST) break;
    }
    throw new Error('what answers there does not speak AMQP 0-9-1');
  } finally {
    socket.destroy();
  }
}

/** Bytes of a greeting: RabbitMQ's has some 500. */
const GREETING_MOST = 10_000;

function open(url: string, ca: string | undefined): Socket {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol === 'amqp:') return connectPlain({ host, port: Number(port || 5672) });
  return connectTls({
    host,
    port: Number(port || 5671),
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca !== undefined && { ca }),
  });
}

/** A long string in a table of properties: the name with its length, S, four bytes of length, the text. */
function property(told: string, name: string): string | undefined {
  const at = told.indexOf(`${String.fromCharCode(name.length)}${name}S`);
  if (at < 0) return undefined;
  const begin = at + name.length + 6;
  const length = told.charCodeAt(begin - 1) + told.charCodeAt(begin - 2) * 256;
  return told.length < begin + length ? undefined : told.slice(begin, begin + length);
}

function connectionTo(url: string, ca: string | undefined): Connection {
  return new Connection({
    url,
    connectionName: 'guildhall doctor',
    connectionTimeout: CHECK_MS,
    retryLow: CHECK_MS,
    ...(url.startsWith('amqps:') && ca !== undefined && { tls: { ca } }),
  });
}

async function look(
  connection: Connection,
  { url, greeting, bridge }: { url: string; greeting: Greeting; bridge: boolean },
): Promise<Finding[]> {
  await signedIn(connection);
  const wanted = wantedQueues(new URL(url).searchParams.get('name') ?? undefined, bridge);
  const queues = await Promise.all(wanted.map((one) => queueOf(connection, one)));
  const { at, path } = placeOf(url);
  const way = url.startsWith('amqps:') ? 'TLS' : 'on this machine';
  const line = `${greeting.product} ${greeting.version} at ${at}, vhost ${path || '/'}`;
  return [
    { state: 'ok', what: 'rabbitmq', lines: [line, `${way}, ${queuesInWords(queues)}`] },
    ...wrongVersion(greeting),
    ...queues.flatMap(wrongQueue),
  ];
}

/** Rejects at the first refusal, where the connection itself would try on. */
function signedIn(connection: Connection): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.once('connection', () => resolve());
    connection.on('error', reject);
  });
}

/** A queue that ought to be there. */
interface Wanted {
  name: string;
  /** What takes from it, as what to start; undefined where what was given up lies. */
  taker?: string;
}

interface Queue extends Wanted {
  /** Undefined where it is not there. */
  counts?: { messages: number; takers: number };
}

function wantedQueues(name: string | undefined, bridge: boolean): Wanted[] {
  const layout = layoutOf(name);
  const taken = (channel: DurableChannel, role: string): Wanted => ({
    name: layout.queueOf(channel).queue,
    taker: `one: npm start -- --role ${role}`,
  });
  return [
    ...incomingParts(PARTS).map((part) => taken(part, 'bot')),
    taken('jobs', 'worker'),
    ...['webchat', 'http'].map((platform) => taken(outgoingTo(platform), 'hall')),
    ...['discord', 'slack', 'twitch'].map((platform) => taken(outgoingTo(platform), platform)),
    { name: layout.dead.queue },
    ...(bridge ? bridgeQueues(name) : []),
  ];
}

function bridgeQueues(name: string | undefined): Wanted[] {
  const { requests, answers, refused } = stockLayout(name);
  return [
    { name: requests.queue, taker: 'your stock bot: docs/stock.md' },
    { name: answers.queue, taker: 'one: npm start -- --role worker' },
    { name: refused.queue },
  ];
}

/** Declared passively, which makes nothing and needs no right; on a channel of its own, as the answer that it is not there ends one. */
async function queueOf(connection: Connection, wanted: Wanted): Promise<Queue> {
  const channel = await connection.acquire({ emitErrorsFromChannel: true });
  channel.on('error', () => undefined);
  try {
    const { messageCount, consumerCount } = await channel.queueDeclare({ queue: wanted.name, passive: true });
    return { ...wanted, counts: { messages: messageCount, takers: consumerCount } };
  } catch (error) {
    if ((error as { code?: string }).code !== 'NOT_FOUND') throw error;
    return wanted;
  } finally {
    await channel.close();
  }
}

function queuesInWords(queues: Queue[]): string {
  const there = queues.filter(({ counts }) => counts !== undefined);
  if (there.length === 0) return 'no queues yet: the first process makes them';
  const waiting = there.filter(({ counts }) => counts !== undefined && counts.messages > 0);
  if (waiting.length === 0) return `${there.length} queues, nothing waits`;
  return waiting.map(({ name, counts }) => `${name} ${counts?.messages}`).join(', ');
}

function wrongVersion({ product, version }: Greeting): Finding[] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (product !== 'RabbitMQ')
    return [{ state: 'note', what: 'rabbitmq', lines: [`${product} was never tried; RabbitMQ is what is tested.`] }];
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return [];
  const lines = [`RabbitMQ ${version} is too old: ${OLDEST.join('.')} or newer is needed.`, 'Upgrade the broker.'];
  return [{ state: 'wrong', what: 'rabbitmq', lines }];
}

function wrongQueue({ name, taker, counts }: Queue): Finding[] {
  if (counts === undefined || counts.messages === 0) return [];
  const [what, { messages, takers }] = ['rabbitmq', counts];
  if (taker === undefined)
    return [{ state: 'note', what, lines: [`${messages} given up, in ${name}; each says why in its headers`] }];
  if (takers > 0) return [];
  return [{ state: 'wrong', what, lines: [`${messages} wait in ${name}, and nobody takes them.`, `Start ${taker}`] }];
}
