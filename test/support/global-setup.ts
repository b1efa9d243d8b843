import { prepareBrowser } from './chromium.ts';
import { startPostgres } from './postgres.ts';
import { startRabbit } from './rabbitmq.ts';
import { startRedis } from './redis.ts';

/** What ends with the run. */
const started: { stop(): Promise<void> }[] = [];

/**
 * Runs once before all tests of a call: what two test files at a time must not both do, and what takes seconds. The engines
 * are found, or started, once: test files find their addresses in the environment.
 */
export async function globalSetup(): Promise<void> {
  await Promise.all([
    prepareBrowser().catch((error: Error) => console.error(`No browser yet: ${error.message}`)),
    prepareEngines(),
  ]);
}

export async function globalTeardown(): Promise<void> {
  await Promise.all(started.map((one) => one.stop()));
}

async function prepareEngines(): Promise<void> {
  const [postgres, rabbit, redis] = await Promise.all([startPostgres(), startRabbit(), startRedis()]);
  for (const one of [postgres, rabbit, redis]) if (one) started.push(one);
  if (postgres && rabbit && redis) {
    Object.assign(process.env, {
      TEST_DATABASE_URL: postgres.url,
      TEST_AMQP_URL: rabbit.url,
      TEST_REDIS_URL: redis.url,
    });
    return;
  }
  // Under CI it has thrown before.
  console.log('Without all three engines the stories are told in one process alone.');
  process.env['TEST_ENGINES'] = 'none';
}
