import { explainEngine, type EngineAddress } from './engine-refusals.ts';
import type { Config } from './config.ts';
import { checkPostgres } from './postgres-check.ts';
import { checkProcesses } from './processes-check.ts';
import { checkRabbitmq } from './rabbitmq-check.ts';
import { checkRedis } from './redis-check.ts';

/** What a look at one thing found, as lines for the terminal. */
export interface Finding {
  /** `wrong`: there is something to do, and a line says what. */
  state: 'ok' | 'note' | 'wrong';
  /** Such as `postgres`. */
  what: string;
  lines: string[];
}

/** ms that one engine may take to answer all that is asked of it. */
export const CHECK_MS = 4_000;

/**
 * Looks at the engines that the settings name, and at the processes that share them. Changes nothing there but for a key
 * in Redis that goes by itself. An engine that cannot be used is a finding.
 */
export async function checkDeployment(config: Config): Promise<Finding[]> {
  const { DATABASE_URL, AMQP_URL, REDIS_URL } = config;
  const [postgres, rabbitmq, redis] = await Promise.all([
    DATABASE_URL === undefined ? [] : checkPostgres(config, DATABASE_URL),
    AMQP_URL === undefined ? [] : checkRabbitmq(config, AMQP_URL),
    REDIS_URL === undefined ? [] : checkRedis(config, REDIS_URL),
  ]);
  // The first finding tells whether it can be used at all.
  const processes = postgres[0]?.state === 'ok' ? await checkProcesses(config) : [];
  return [...postgres, ...rabbitmq, ...redis, ...processes];
}

/** The finding that an engine cannot be used, with the reason and what mends it. */
export function unusable(what: string, error: unknown, engine: EngineAddress): Finding {
  return { state: 'wrong', what, lines: explainEngine(error, engine) };
}

/** Rejects after `CHECK_MS`; an engine that hangs must not hang the look at it. */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`timed out after ${CHECK_MS / 1_000} s`)), CHECK_MS);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
