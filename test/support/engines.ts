import { askPostgres, type Postgres, startPostgres } from './postgres.ts';
import { type Rabbit, startRabbit } from './rabbitmq.ts';
import { connectRedis } from './own-redis.ts';
import { keysOf, type RedisForTests, startRedis } from './redis.ts';

/** Three engines for one deployment: an empty database, names and keys of its own. */
export interface Engines {
  settings: { DATABASE_URL: string; AMQP_URL: string; REDIS_URL: string };
  /** Removes all that the deployment made in them. */
  remove(): Promise<void>;
}

/** Finds the engines, or starts those that are not there. Throws where there is one that cannot be had. */
export async function freshEngines(): Promise<Engines> {
  const [postgres, rabbit, redis] = await Promise.all([startPostgres(), startRabbit(), startRedis()]);
  if (!postgres || !rabbit || !redis) throw new Error('not all three engines are here');
  const database = await postgres.freshDatabase();
  const amqp = Object.assign(new URL(rabbit.url), { search: `?name=${rabbit.freshName()}` }).href;
  return {
    settings: { DATABASE_URL: database, AMQP_URL: amqp, REDIS_URL: redis.url },
    remove: () => removeAll({ postgres, rabbit, redis, database }),
  };
}

interface Made {
  postgres: Postgres;
  rabbit: Rabbit;
  redis: RedisForTests;
  database: string;
}

async function removeAll({ postgres, rabbit, redis, database }: Made): Promise<void> {
  await removeKeys(redis.url, database).catch(() => undefined);
  await Promise.all([postgres.stop(), rabbit.stop(), redis.stop()]);
}

/** The keys in Redis begin with the name that the instance has in its database. */
async function removeKeys(url: string, database: string): Promise<void> {
  const instance = await askPostgres(database, `select value from instance where key = 'instance'`);
  const client = await connectRedis(url);
  const keys = await keysOf(client, `guildhall:${instance}:`);
  if (keys.length > 0) await client.del(keys);
  client.disconnect();
}
