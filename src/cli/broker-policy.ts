import { parseArgs } from 'node:util';
import {
  BROKER_ROLES,
  BROKER_VHOST,
  brokerDefinitions,
  brokerRights,
  type BrokerOptions,
} from '#src/broker-definitions.ts';
import { WrongUse, type CommandLine } from './command-line.ts';

/**
 * `broker-policy [--json | --queues] [--name NAME] [--vhost VHOST]`: RabbitMQ's users with the least rights, a user a role.
 * As commands; as definitions with the queues; or the definitions of the queues alone, for a broker that has the users.
 * Changes nothing, here or there.
 */
export async function brokerPolicy({ words }: CommandLine): Promise<number> {
  const { json, queues, ...options } = readWords(words);
  if (json || queues) print(definitions(options, queues));
  else process.stdout.write(commands(options));
  return 0;
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

function definitions(options: Required<BrokerOptions>, queuesAlone: boolean): object {
  const all = brokerDefinitions(options);
  const { exchanges, queues, bindings } = all;
  return queuesAlone ? { exchanges, queues, bindings } : all;
}

function commands({ name, vhost }: Required<BrokerOptions>): string {
  const rights = BROKER_ROLES.map((role) => brokerRights(role, name));
  return [
    '# Queues, exchanges, and users without passwords: the roles may not make queues themselves.',
    `npm run -s guildhall -- broker-policy --json${optionsOf({ name, vhost })} > definitions.json`,
    'rabbitmqctl import_definitions definitions.json',
    '# A second import would take the passwords away: after an update take --queues instead of --json.',
    '',
    '# A password for each user that you need. The user of AMQP_URL is that of the role.',
    ...rights.map(({ user }) => `rabbitmqctl change_password ${user}`),
    '',
    '# What each may do, should you set it by hand: configure, write, read.',
    ...rights.map(
      ({ user, configure, write, read }) =>
        `rabbitmqctl set_permissions --vhost ${vhost} ${user} '${configure}' '${write}' '${read}'`,
    ),
    '',
  ].join('\n');
}

function optionsOf({ name, vhost }: Required<BrokerOptions>): string {
  return `${name === DEFAULTS.name ? '' : ` --name ${name}`}${vhost === DEFAULTS.vhost ? '' : ` --vhost ${vhost}`}`;
}

function readWords(words: string[]): Required<BrokerOptions> & { json: boolean; queues: boolean } {
  const { name, vhost, ...what } = parse(words);
  if (!/^[a-z0-9-]{1,40}$/.test(name)) throw new WrongUse('--name is of a–z, 0–9 and hyphens, 40 at most.');
  if (!/^[\w/.-]{1,80}$/.test(vhost)) throw new WrongUse('--vhost is of letters, digits and . - _ /.');
  return { name, vhost, ...what };
}

function parse(words: string[]) {
  try {
    return parseArgs({ args: words, options: OPTIONS }).values;
  } catch (error) {
    throw new WrongUse((error as Error).message);
  }
}

const DEFAULTS = { name: 'guildhall', vhost: BROKER_VHOST };

const OPTIONS = {
  json: { type: 'boolean', default: false },
  queues: { type: 'boolean', default: false },
  name: { type: 'string', default: DEFAULTS.name },
  vhost: { type: 'string', default: DEFAULTS.vhost },
} as const;
