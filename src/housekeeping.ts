import type { FastifyBaseLogger } from 'fastify';
import type { Clock } from '#core/clock.ts';
import { LIMITS } from '#core/limits.ts';
import { readFact } from '#storage/instance.ts';
import { deleteExpiredSessions } from '#storage/sessions.ts';
import type { Storage } from '#storage/storage.ts';
import { deleteOldRecords } from '#storage/work.ts';

export interface House {
  storage: Storage;
  clock: Clock;
  logger: FastifyBaseLogger;
  /** Called when the data was replaced under the running hall by a restore. */
  onReplaced(): void;
}

const HOUR = 3_600_000;
const LOOK = 2_000;

/** The fact that a restore leaves, new each time. */
export const RESTORED = 'restored';

/** Sweeps out what has expired, hourly, and notices a restore within seconds. */
export function housekeeping(house: House): { stop(): void } {
  const { storage, clock, logger } = house;
  let seen: string | undefined | null = null;
  const sweep = async (): Promise<void> => {
    const now = clock();
    await storage.write(async (tx) => {
      await deleteExpiredSessions(tx.db, now);
      await deleteOldRecords(tx.db, now - LIMITS.recordDays * 24 * HOUR);
    });
  };
  const look = async (): Promise<void> => {
    const fact = await readFact(storage.db, RESTORED);
    if (seen !== null && fact !== seen) house.onReplaced();
    seen = fact;
  };
  const quietly = (work: () => Promise<void>) => () =>
    void work().catch((err: unknown) => logger.error({ err }, 'housekeeping failed'));
  const timers = [setInterval(quietly(sweep), HOUR), setInterval(quietly(look), LOOK)];
  for (const timer of timers) timer.unref();
  quietly(look)();
  return { stop: () => timers.forEach((timer) => clearInterval(timer)) };
}
