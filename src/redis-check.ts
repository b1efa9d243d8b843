import { Redis } from 'ioredis';
import type { Config } from './config.ts';
import { CHECK_MS, inTime, unusable, type Finding } from './deployment-checks.ts';
import { placeOf } from './engine-refusals.ts';
import { engineCa } from './engines.ts';

/** Version, rights and memory of the Redis at `url`. */
export async function checkRedis(config: Pick<Config, 'ENGINE_CA'>, url: string): Promise<Finding[]> {
  const ca = engineCa(config);
  const redis = new Redis(url, {
    lazyConnect: true,
    // It would ask for INFO, which a user with few rights may not.
    enableReadyCheck: false,
    connectTimeout: CHECK_MS,
    commandTimeout: CHECK_MS,
    retryStrategy: () => null,
    ...(ca !== undefined && url.startsWith('rediss:') && { tls: { ca } }),
  });
  let last: unknown;
  redis.on('error', (error) => (last = error));
  try {
    return await inTime(look(redis, url));
  } catch (error) {
    // What ended the connection says more than that it is closed.
    return [unusable('redis', last ?? error, { name: 'Redis', setting: 'REDIS_URL', url })];
  } finally {
    redis.disconnect();
  }
}

/** The oldest that the program runs on. */
const OLDEST = 6;

async function look(redis: Redis, url: string): Promise<Finding[]> {
  await redis.connect();
  const { version, role } = await greeting(redis);
  const memory = await memoryOf(redis);
  const way = url.startsWith('rediss:') ? 'TLS' : 'on this machine';
  const wrong = [...wrongServer(version, role), ...(await wrongRights(redis)), ...wrongMemory(memory)];
  return [
    {
      state: 'ok',
      what: 'redis',
      lines: [`Redis ${version} at ${placeOf(url).at}`, `${way}, ${memoryInWords(memory)}`],
    },
    ...wrong.map((lines): Finding => ({ state: 'wrong', what: 'redis', lines })),
  ];
}

/** https://redis.io/docs/latest/commands/hello/ : a list of names and values. */
async function greeting(redis: Redis): Promise<{ version: string; role: string }> {
  const told = (await redis.call('HELLO')) as unknown;
  const list = Array.isArray(told) ? told : Object.entries(told as object).flat();
  const value = (name: string): string => String(list[list.indexOf(name) + 1] ?? '');
  return { version: value('version'), role: value('role') };
}

/** What INFO tells; undefined where the user may not ask. https://redis.io/docs/latest/commands/info/ */
interface Memory {
  most: number;
  policy: string;
}

async function memoryOf(redis: Redis): Promise<Memory | undefined> {
  const info = await redis.info('memory').catch((error: Error) => {
    if (!error.message.startsWith('NOPERM')) throw error;
  });
  if (info === undefined) return undefined;
  const value = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  return { most: Number(value('maxmemory')), policy: value('maxmemory_policy') };
}

function memoryInWords(memory: Memory | undefined): string {
  if (memory === undefined) return 'its memory is not looked at: the user may not run INFO';
  return memory.most === 0 ? 'memory without a bound' : `${Math.round(memory.most / 1e6)} MB, ${memory.policy}`;
}

function wrongServer(version: string, role: string): string[][] {
  return [
    !(Number.parseInt(version) >= OLDEST) && [
      `Redis ${version} is too old: ${OLDEST} or newer is needed.`,
      'Upgrade the server.',
    ],
    role !== 'master' && [`It is a ${role}, which cannot be written to.`, 'Name the primary in REDIS_URL.'],
  ].filter((lines) => lines !== false);
}

/** What the program does there, on a key that goes by itself. */
const TRY = `redis.call('TIME') redis.call('SET', KEYS[1], '1', 'PX', 1000)
  local got = redis.call('GET', KEYS[1]) redis.call('DEL', KEYS[1]) return got`;

async function wrongRights(redis: Redis): Promise<string[][]> {
  try {
    const sha = (await redis.call('SCRIPT', 'LOAD', TRY)) as string;
    await redis.evalsha(sha, 1, 'guildhall:doctor');
    return [];
  } catch (error) {
    const { message } = error as Error;
    if (!/NOPERM|can't run this command/.test(message)) throw error;
    return [[`Its user may not do what is needed: ${message}`, 'The user’s line stands in docs/deploying.md']];
  }
}

/** https://redis.io/docs/latest/develop/reference/eviction/ */
function wrongMemory(memory: Memory | undefined): string[][] {
  if (memory === undefined || memory.most === 0 || !memory.policy.startsWith('allkeys')) return [];
  return [
    [
      `When its memory is full it throws away counts at any time (${memory.policy}): limits and waits after wrong passwords begin anew then.`,
      'Set maxmemory-policy to noeviction or volatile-ttl.',
    ],
  ];
}
