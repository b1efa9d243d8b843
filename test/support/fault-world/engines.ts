import { mkdtempSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Settings } from '#test/support/deployment.ts';
import { freePort } from '#test/support/free-port.ts';
import { OUTSIDE } from '#test/support/namespaces.ts';
import { ownPostgres } from '#test/support/own-postgres.ts';
import { connectOnce, ownRabbit } from '#test/support/own-rabbitmq.ts';
import { ownRedis } from '#test/support/own-redis.ts';
import { until } from '#test/support/platform-faults.ts';

export type EngineName = 'postgres' | 'rabbit' | 'redis';

export interface Engine {
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
  startAgain(): Promise<void>;
  remove(): Promise<void>;
}

/** Engines of the run's own, each at an address that can be cut off, and the settings by which processes reach them. */
export interface FaultEngines {
  settings: Settings;
  /** The database, for who looks into it from here. */
  database: string;
  named: Record<EngineName, Engine>;
  remove(): Promise<void>;
}

/** `apart`: each at an address of its own, which can be cut off. */
export async function startFaultEngines(apart: boolean): Promise<FaultEngines> {
  const at = apart ? OUTSIDE : { postgres: HERE, rabbit: HERE, redis: HERE };
  const folder = mkdtempSync(join(tmpdir(), 'guildhall-faults-'));
  const amqp = await freePort();
  const made = await Promise.allSettled([
    postgresAt(folder, at.postgres),
    rabbitAt(at.rabbit, amqp),
    redisAt(at.redis),
  ]);
  const engines = made.flatMap((one): Engine[] => (one.status === 'fulfilled' ? [one.value] : []));
  const remove = async (): Promise<void> => {
    await Promise.all(engines.map((one) => one.remove()));
    rmSync(folder, { recursive: true, force: true });
  };
  const [postgres, rabbit, redis] = made.map((one) => (one.status === 'fulfilled' ? one.value : one.reason));
  if (engines.length < made.length) {
    await remove();
    throw new Error('not all engines could be started', { cause: made.find(({ status }) => status === 'rejected') });
  }
  const database = await postgres.freshDatabase();
  return {
    database,
    named: { postgres, rabbit, redis },
    remove,
    settings: {
      DATABASE_URL: moved(database, at.postgres),
      AMQP_URL: `amqp://guest:guest@${at.rabbit}:${amqp}`,
      REDIS_URL: moved(redis.url, at.redis),
    },
  };
}

const HERE = '127.0.0.1';

const moved = (url: string, hostname: string): string => url.replace(`@${HERE}:`, `@${hostname}:`);

function postgresAt(folder: string, address: string): ReturnType<typeof ownPostgres> {
  // PostgreSQL runs as another user, who must be able to read it.
  chmodSync(folder, 0o755);
  const rules = join(folder, 'pg_hba.conf');
  writeFileSync(rules, 'host all all 127.0.0.0/8 trust\n');
  const addresses = [...new Set([HERE, address])].join(',');
  return ownPostgres({ settings: { listen_addresses: addresses, hba_file: rules } });
}

async function rabbitAt(address: string, port: number): Promise<Engine> {
  const rabbit = await ownRabbit({ settings: { 'listeners.tcp.outside': `${address}:${port}` } });
  if (!rabbit) throw new Error('there is no RabbitMQ');
  let starting = false;
  const isUp = async (): Promise<void> =>
    void (await until('RabbitMQ', () => connectOnce(rabbit.url).then(() => true), { ms: SLOW_START_MS }));
  return {
    kill: () => rabbit.kill(),
    freeze: () => rabbit.freeze(),
    thaw: () => rabbit.thaw(),
    async startAgain() {
      starting = true;
      await rabbit.startAgain().catch(isUp);
      starting = false;
    },
    async remove() {
      // One that comes up after its script was ended would outlive us.
      if (starting) await isUp().catch(() => undefined);
      await rabbit.remove();
    },
  };
}

/** ms. It takes 4 to 12 s, and far more where the machine does much else. */
const SLOW_START_MS = 60_000;

/** Without a password Redis lets nobody in who comes from another address than its own. */
function redisAt(address: string): ReturnType<typeof ownRedis> {
  return ownRedis({ password: 'of-the-fault-suite', ...(address !== HERE && { address }) });
}
