import { stockLayout } from '#bridge/stock-layout.ts';
import { incomingParts, outgoingTo, type DurableChannel } from '#bus/bus.ts';
import { DEFAULT_NAME, layoutOf, PARTS, type Layout, type QueueLayout } from '#bus/rabbit-layout.ts';

/** Whoever connects to the broker: the roles of the program, and a stock bot of somebody else's. */
export const BROKER_ROLES = ['hall', 'bot', 'worker', 'discord', 'slack', 'twitch', 'bridge'] as const;

export type BrokerRole = (typeof BROKER_ROLES)[number];

export interface BrokerOptions {
  /** Begins the name of all there is: `name` in AMQP_URL's query. */
  name?: string;
  vhost?: string;
}

/** What a broker's user may do, as regular expressions over the names of queues and exchanges. https://www.rabbitmq.com/docs/access-control */
export interface BrokerRights {
  user: string;
  configure: string;
  write: string;
  read: string;
}

/** The vhost that a broker has from the beginning. */
export const BROKER_VHOST = '/';

export function brokerUser(role: string, name: string = DEFAULT_NAME): string {
  return `${name}-${role}`;
}

/**
 * The least with which each role works. All may write to all channels, as any process may be the one that relays the
 * outbox; what is read is by role. Queues are made by the definitions, not by the program: who may make one may delete it.
 * The live exchange is not durable, so everybody makes it; a hall makes a queue of its own as well.
 */
export function brokerRights(role: BrokerRole, name: string = DEFAULT_NAME): BrokerRights {
  const user = brokerUser(role, name);
  const stock = stockLayout(name);
  if (role === 'bridge')
    return {
      user,
      configure: NOTHING,
      write: anyOf([escaped(stock.exchange)]),
      read: anyOf([escaped(stock.requests.queue)]),
    };
  const layout = layoutOf(name);
  const live = role === 'hall' ? `${escaped(layout.live)}(\\..+)?` : escaped(layout.live);
  const queues = [
    ...CHANNELS[role].map((channel) => layout.queueOf(channel)),
    ...(role === 'worker' ? [stock.answers] : []),
  ];
  const reads = queues.map(({ queue }) => escaped(queue));
  return {
    user,
    configure: `^${live}$`,
    write: anyOf([escaped(layout.work), escaped(layout.retry), live]),
    read: anyOf(role === 'hall' ? [...reads, live] : reads),
  };
}

export interface BrokerDefinitions {
  users: { name: string; password_hash: string; hashing_algorithm: string; tags: string[]; limits: object }[];
  vhosts: { name: string }[];
  permissions: (BrokerRights & { vhost: string })[];
  topic_permissions: object[];
  exchanges: object[];
  queues: object[];
  bindings: object[];
}

/**
 * All that must stand in the broker, for `load_definitions` and `rabbitmqctl import_definitions`
 * (https://www.rabbitmq.com/docs/definitions). `passwordOf` gives a role's salted hash; without one its user cannot log in.
 */
export function brokerDefinitions(
  options: BrokerOptions & { passwordOf?: (role: BrokerRole) => string } = {},
): BrokerDefinitions {
  const { name = DEFAULT_NAME, vhost = BROKER_VHOST, passwordOf = () => '' } = options;
  const layout = layoutOf(name);
  const stock = stockLayout(name);
  return {
    users: BROKER_ROLES.map((role) => ({
      name: brokerUser(role, name),
      password_hash: passwordOf(role),
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: [],
      limits: role === 'bridge' ? FOREIGN : {},
    })),
    vhosts: [{ name: vhost }],
    permissions: BROKER_ROLES.map((role) => ({ ...brokerRights(role, name), vhost })),
    topic_permissions: [],
    exchanges: [layout.work, layout.retry, stock.exchange].map((exchange) => ({ name: exchange, vhost, ...EXCHANGE })),
    ...queuesOf([...ownQueues(layout), stock.requests, stock.answers, stock.refused], vhost),
  };
}

function ownQueues(layout: Layout): QueueLayout[] {
  const channels = new Set(Object.values(CHANNELS).flat());
  return [...[...channels].map((channel) => layout.queueOf(channel)), ...layout.retries, layout.dead];
}

function queuesOf(all: QueueLayout[], vhost: string): Pick<BrokerDefinitions, 'queues' | 'bindings'> {
  return {
    queues: all.map(({ queue, arguments: args }) => ({ name: queue, vhost, ...QUEUE, arguments: args })),
    bindings: all.flatMap(({ queue, bindings }) =>
      bindings.map(({ exchange, routingKey }) => ({
        source: exchange,
        vhost,
        destination: queue,
        destination_type: 'queue',
        routing_key: routingKey,
        arguments: {},
      })),
    ),
  };
}

/** What each role takes. */
const CHANNELS: Record<Exclude<BrokerRole, 'bridge'>, DurableChannel[]> = {
  hall: [outgoingTo('webchat'), outgoingTo('http')],
  bot: incomingParts(PARTS),
  worker: ['jobs'],
  discord: [outgoingTo('discord')],
  slack: [outgoingTo('slack')],
  twitch: [outgoingTo('twitch')],
};

const NOTHING = '^$';

/** For a program of somebody else's: https://www.rabbitmq.com/docs/user-limits */
const FOREIGN = { 'max-connections': 20, 'max-channels': 100 };

const EXCHANGE = { type: 'topic', durable: true, auto_delete: false, internal: false, arguments: {} };

const QUEUE = { durable: true, auto_delete: false };

const anyOf = (expressions: string[]): string => `^(${expressions.join('|')})$`;

const escaped = (name: string): string => name.replaceAll('.', '\\.');
