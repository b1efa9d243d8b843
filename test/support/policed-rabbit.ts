import { createHash, randomBytes } from 'node:crypto';
import { brokerDefinitions, brokerUser, type BrokerRole } from '#src/broker-definitions.ts';
import { ownRabbit, type OwnRabbit } from './own-rabbitmq.ts';

/** A RabbitMQ of the test's own, set up as `broker-policy` says. `url` is that of somebody who may do everything. */
export interface PolicedRabbit {
  rabbit: OwnRabbit;
  urlOf(role: BrokerRole): string;
}

/** Starts one; gives undefined where there is none to start, as `ownRabbit` does. */
export async function policedRabbit(): Promise<PolicedRabbit | undefined> {
  const rabbit = await ownRabbit({ definitions: withOperator(), user: OPERATOR });
  if (!rabbit) return undefined;
  const urlOf = (role: BrokerRole): string => `amqp://${brokerUser(role)}:${passwordOf(role)}@127.0.0.1:${rabbit.port}`;
  return { rabbit, urlOf };
}

const OPERATOR = { name: 'operator', password: 'the-operators-own' };

const passwordOf = (role: string): string => `password-of-${role}`;

/** https://www.rabbitmq.com/docs/passwords#computing-password-hash */
function hashed(password: string): string {
  const salt = randomBytes(4);
  return Buffer.concat([salt, createHash('sha256').update(salt).update(password).digest()]).toString('base64');
}

function withOperator(): object {
  const definitions = brokerDefinitions({ passwordOf: (role) => hashed(passwordOf(role)) });
  const [first] = definitions.users;
  const { name, password } = OPERATOR;
  return {
    ...definitions,
    users: [...definitions.users, { ...first, name, password_hash: hashed(password), tags: ['administrator'] }],
    permissions: [...definitions.permissions, { user: name, vhost: '/', configure: '.*', write: '.*', read: '.*' }],
  };
}
