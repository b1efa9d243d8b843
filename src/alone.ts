import { setTimeout as pause } from 'node:timers/promises';
import type { Leases } from '#cluster/leases.ts';
import { LIMITS } from '#core/limits.ts';
import { holderOf } from '#storage/leases.ts';
import { listProcesses } from '#storage/processes.ts';
import type { Storage } from '#storage/storage.ts';

/** Held by a process that has a database on PostgreSQL for itself. */
const LEASE = 'alone';

/** ms until a process that died is forgotten. */
const FORGOTTEN_MS = LIMITS.leaseFor + 2 * LIMITS.leaseEvery;

export interface Told {
  /** Somebody is there, or was lately: it is waited for. */
  waiting(why: string): void;
  /** Another one was let in, as this one could not be reached for a while. */
  takenOver(): void;
}

/**
 * Makes sure that no other process runs on the database, and that it stays so: waits for one that died lately, throws where
 * there is one.
 */
export async function beAlone(storage: Storage, leases: Leases, told: Told): Promise<void> {
  let lost: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    const holder = await holderOf(storage, LEASE).catch(() => undefined);
    if (holder !== undefined && !leases.holds(LEASE)) told.takenOver();
  };
  leases.want(LEASE, {
    begin: () => clearInterval(lost),
    // The database may be away for everybody: only who finds another's name in it is taken over.
    end(why) {
      clearInterval(lost);
      if (why === 'lost') lost = setInterval(() => void look(), LIMITS.leaseEvery).unref();
    },
  });
  const isAlone = async (): Promise<boolean> =>
    leases.holds(LEASE) && (await listProcesses(storage, LIMITS.heartbeatGone)).length === 0;
  if (await becomes(isAlone, told.waiting)) return;
  await leases.stop();
  clearInterval(lost);
  throw besideAnother();
}

/** One of several makes sure that nobody believes to be alone. Throws where somebody does. */
export async function refuseBesideOne(storage: Storage, { waiting }: Pick<Told, 'waiting'>): Promise<void> {
  if (await becomes(async () => (await holderOf(storage, LEASE)) === undefined, waiting)) return;
  throw besideAnother();
}

/** Looks until it is so, or until it should be. */
async function becomes(is: () => Promise<boolean>, waiting: Told['waiting']): Promise<boolean> {
  const began = performance.now();
  let isTold = false;
  for (; performance.now() < began + FORGOTTEN_MS; await pause(LOOK_MS)) {
    if (await is()) return true;
    if (!isTold && performance.now() > began + TOLD_AFTER_MS) {
      isTold = true;
      waiting('another process was here a moment ago; whether it ended shows within seconds');
    }
  }
  return is();
}

const TOLD_AFTER_MS = 1_000;

const LOOK_MS = 200;

function besideAnother(): Error {
  return new Error(
    'Another process runs on this database. One alone needs DATABASE_URL only; several share AMQP_URL and REDIS_URL too.',
  );
}
