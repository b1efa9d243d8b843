import { after } from 'node:test';
import { memoryRates } from '#expiring/memory-rates.ts';
import { redisRates } from '#expiring/redis-rates.ts';
import { startRedis } from '#test/support/redis.ts';
import { eventually } from '#test/support/wait.ts';
import { ratesContract } from './rates.contract.ts';

ratesContract('in memory', async () => {
  const rates = memoryRates(Date.now);
  return { here: rates, there: rates, close: async () => undefined };
});

const redis = await startRedis();
if (redis) {
  after(() => redis.stop());
  ratesContract('in Redis, from two processes', async () => {
    const prefix = redis.freshPrefix();
    const [here, there] = [1, 2].map(() => redisRates({ url: redis.url, prefix, logger: console })) as [Shared, Shared];
    for (const one of [here, there]) await eventually('a connection', () => one.health().up || undefined);
    return {
      here: here.rates,
      there: there.rates,
      close: async () => void (await Promise.all([here.close(), there.close()])),
    };
  });
}

type Shared = ReturnType<typeof redisRates>;
