import { readFileSync } from 'node:fs';
import type { FastifyBaseLogger } from 'fastify';
import type { Bus } from '#bus/bus.ts';
import { memoryBus } from '#bus/memory.ts';
import { Stopped } from '#bus/outbound-queue.ts';
import type { Clock } from '#core/clock.ts';
import { newId } from '#core/ids.ts';
import type { RateStore } from '#core/rate.ts';
import { memoryRates } from '#expiring/memory-rates.ts';
import { inTurn } from '#storage/in-turn.ts';
import { readFact, writeFact } from '#storage/instance.ts';
import { openSqlite } from '#storage/sqlite.ts';
import type { PartHealth } from '#storage/processes.ts';
import type { Storage } from '#storage/storage.ts';
import type { Config } from './config.ts';

export interface StorageOptions {
  /** The SQLite file, where there is no DATABASE_URL. */
  database: string;
  /** Named to PostgreSQL. */
  role?: string;
  /** Works in one commit, at most; for benchmarks. */
  batch?: number;
}

/** The database that the settings name: PostgreSQL by DATABASE_URL, loaded only then, else the file. No connection is awaited: PostgreSQL may come later. */
export async function openStorage(
  config: Pick<Config, 'DATABASE_URL' | 'ENGINE_CA'>,
  { database, role, batch }: StorageOptions,
): Promise<Storage> {
  const some = { ...(batch !== undefined && { batch }) };
  if (config.DATABASE_URL === undefined) return openSqlite(database, some);
  const { openPostgres } = await import('#storage/postgres.ts');
  const ca = engineCa(config);
  return openPostgres(config.DATABASE_URL, {
    ...some,
    ...(ca !== undefined && { ca }),
    ...(role !== undefined && { role }),
    ...(role !== undefined && !HALLS.has(role) && { readers: FEW_READERS }),
  });
}

/** Roles that many people ask at once. */
const HALLS = new Set(['all', 'hall']);

/** Connections for reading of a process that nobody asks directly: the server has a hundred for all. */
const FEW_READERS = 3;

/** The authority of the engines' certificates, PEM; undefined where the system's own are trusted. */
export function engineCa({ ENGINE_CA }: Pick<Config, 'ENGINE_CA'>): string | undefined {
  return ENGINE_CA === undefined ? undefined : readFileSync(ENGINE_CA, 'utf8');
}

/** What joins the parts: RabbitMQ by AMQP_URL, loaded only then, else within the process. Nothing is awaited: the broker may come later. */
export async function openBus(
  config: Pick<Config, 'AMQP_URL' | 'ENGINE_CA'>,
  { process, logger }: { process: string; logger: FastifyBaseLogger },
): Promise<Bus> {
  if (config.AMQP_URL === undefined) return memoryBus({ onError: (channel, err) => handedBack(logger, channel, err) });
  const { rabbitBus } = await import('#bus/rabbitmq.ts');
  const ca = engineCa(config);
  const name = new URL(config.AMQP_URL).searchParams.get('name') ?? undefined;
  const some = { ...(ca !== undefined && { ca }), ...(name !== undefined && { name }) };
  return rabbitBus({ url: config.AMQP_URL, ...some, process, logger });
}

/** A queue that stops gives back what it holds: that goes out after the next start and is no fault. */
function handedBack(logger: FastifyBaseLogger, channel: string, err: unknown): void {
  if (!(err instanceof Stopped)) logger.error({ err, channel }, 'a message was handed back');
}

/** What counts uses and failures. */
export interface Rates {
  store: RateStore;
  health(): PartHealth[];
  close(): Promise<void>;
}

interface RatesParts {
  storage: Storage;
  logger: FastifyBaseLogger;
  clock: Clock;
}

/** Redis by REDIS_URL, loaded only then, else the memory of this process. */
export async function openRates(
  config: Pick<Config, 'REDIS_URL' | 'ENGINE_CA'>,
  { storage, logger, clock }: RatesParts,
): Promise<Rates> {
  if (config.REDIS_URL === undefined)
    return { store: memoryRates(clock), health: () => [], close: async () => undefined };
  const { redisRates } = await import('#expiring/redis-rates.ts');
  const ca = engineCa(config);
  const prefix = `guildhall:${await instanceName(storage)}:`;
  const opened = redisRates({ url: config.REDIS_URL, ...(ca !== undefined && { ca }), prefix, logger, clock });
  return {
    store: opened.rates,
    health() {
      const { up, why } = opened.health();
      return [{ name: 'redis', state: up ? 'up' : 'down', ...(why !== undefined && { why }) }];
    },
    close: () => opened.close(),
  };
}

/** What tells this instance from others on the same Redis; made by the first process. */
async function instanceName(storage: Storage): Promise<string> {
  return storage.write(async (tx) => {
    await inTurn(tx.db, 'the name of the instance');
    const known = await readFact(tx.db, INSTANCE);
    if (known !== undefined) return known;
    const made = newId('evt');
    await writeFact(tx.db, INSTANCE, made);
    return made;
  });
}

const INSTANCE = 'instance';
