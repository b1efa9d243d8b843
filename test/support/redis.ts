import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { absent, connectRedis, ownRedis } from './own-redis.ts';

export { connectRedis } from './own-redis.ts';

/** A Redis for tests, which others may use at the same time. */
export interface RedisForTests {
  url: string;
  /** For the keys of one test. What it left goes with `stop`. */
  freshPrefix(): string;
  stop(): Promise<void>;
}

/**
 * Finds a Redis, in this order: TEST_REDIS_URL, REDIS_URL, one that listens on the default port and lets us in, the
 * installed program, the system's package. Prints which it is. Where there is none: fails under CI, else says so and gives
 * undefined.
 */
export async function startRedis(): Promise<RedisForTests | undefined> {
  const reasons: string[] = [];
  for (const [name, url] of PLACES) {
    if (url === undefined) continue;
    const version = await versionAt(url).catch((error: Error) => void reasons.push(`${name}: ${error.message}`));
    if (version === undefined) continue;
    console.log(`Redis ${version} (${name})`);
    return served(url, async () => undefined);
  }
  const own = await ownRedis().catch((error: Error) => void reasons.push(`of our own: ${error.message}`));
  if (!own) return absent(`No Redis for tests. ${reasons.join('; ')}`);
  console.log('Redis (started for these tests)');
  return served(own.url, () => own.remove());
}

const PLACES: [name: string, url: string | undefined][] = [
  ['from TEST_REDIS_URL', process.env['TEST_REDIS_URL']],
  ['from REDIS_URL', process.env['REDIS_URL']],
  ['on the default port', 'redis://127.0.0.1:6379'],
];

async function versionAt(url: string): Promise<string> {
  const redis = await connectRedis(url);
  const about = await redis.info('server').finally(() => redis.disconnect());
  return /redis_version:(\S+)/.exec(about)?.[1] ?? 'of an unknown version';
}

function served(url: string, end: () => Promise<void>): RedisForTests {
  const prefixes: string[] = [];
  return {
    url,
    freshPrefix() {
      const prefix = `guildhall-test:${randomUUID()}:`;
      prefixes.push(prefix);
      return prefix;
    },
    async stop() {
      const redis = await connectRedis(url);
      for (const prefix of prefixes) {
        const keys = await keysOf(redis, prefix);
        if (keys.length > 0) await redis.del(keys);
      }
      redis.disconnect();
      await end();
    },
  };
}

/** The keys that begin so. */
export async function keysOf(redis: Redis, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const some of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) keys.push(...(some as string[]));
  return keys;
}
