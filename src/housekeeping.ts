import type { FastifyBaseLogger } from 'fastify';
import { endBans } from '#chat/lift-sanction.ts';
import type { Clock } from '#core/clock.ts';
import { every } from '#core/every.ts';
import { LIMITS } from '#core/limits.ts';
import { deleteOldAudit } from '#storage/audit-pages.ts';
import { countActivity, deleteOldActivity, sampleWaitingJobs } from '#storage/activity.ts';
import { deleteOldUses } from '#storage/command-uses.ts';
import { deleteExpiredDeviceLogins } from '#storage/device-logins.ts';
import { sweepEndedCommunities } from '#storage/end-community.ts';
import { readFact, RULES_CHANGED } from '#storage/instance.ts';
import { deleteOldFigures } from '#storage/minute-figures.ts';
import { deleteOldCodes } from '#storage/one-time-codes.ts';
import { deleteOldProcesses } from '#storage/processes.ts';
import { sweepDeletedRooms } from '#storage/rooms.ts';
import { deleteExpiredSessions } from '#storage/sessions.ts';
import type { Storage } from '#storage/storage.ts';
import { deleteUsedOnce } from '#storage/used-once.ts';
import { deleteOldTokens } from '#storage/tokens.ts';
import { deleteOldRecords, deleteUnserved } from '#storage/work.ts';

export interface House {
  storage: Storage;
  clock: Clock;
  /** Ends what has ended at the gates of communities. */
  sweepGates(): Promise<void>;
  /** Days that the audit is kept. */
  auditDays: number;
  /** Goes on with what was begun with people who were deleted; gives the accounts that are done. Stops between two commits. */
  sweepErased(signal: AbortSignal): Promise<string[]>;
  /** The parts of `outgoing` that somebody takes. */
  served(): readonly string[];
  /** Whether this process sweeps: one of several is enough. */
  sweeps(): boolean;
  logger: FastifyBaseLogger;
  /** Called when the data was replaced under the running hall by a restore. */
  onReplaced(): void;
  /** Called when a community's rules for its commands were changed, also by the command line. */
  onRulesChanged(): void;
}

const HOUR = 3_600_000;
const MINUTE = 60_000;
const LOOK = 2_000;

/** The fact that a restore leaves, new each time. */
export const RESTORED = 'restored';

/** Sweeps out what has expired, hourly; notices within seconds a restore, and people who were deleted in whichever process. */
export function housekeeping(house: House): { stop(): Promise<void> } {
  const { storage, clock, logger } = house;
  const restored = changes(() => readFact(storage.db, RESTORED));
  const rules = changes(() => readFact(storage.db, RULES_CHANGED));
  const sweep = async (): Promise<void> => {
    if (!house.sweeps()) return;
    const now = clock();
    const before = now - LIMITS.recordDays * 24 * HOUR;
    await storage.write(async (tx) => {
      await deleteExpiredSessions(tx.db, now);
      await deleteOldCodes(tx.db, now - 24 * HOUR);
      await deleteUsedOnce(tx.db, now);
      await deleteExpiredDeviceLogins(tx.db, now);
      // Those that ended lately stay in the list, so that their people see why a program stopped.
      await deleteOldTokens(tx.db, before);
      await deleteOldUses(tx.db, now - LIMITS.commandWindow * 1000);
      const unserved = await deleteUnserved(tx.db, before, house.served());
      if (unserved > 0) logger.warn({ unserved }, 'old answers for platforms that are not connected were dropped');
    });
    await storage.write((tx) =>
      deleteOldActivity(tx.db, {
        hours: now - LIMITS.activityDays * 24 * HOUR,
        minutes: now - LIMITS.waitingHours * HOUR,
      }),
    );
    await storage.write((tx) => deleteOldFigures(tx.db, now - LIMITS.measuredHours * HOUR));
    await deleteOldProcesses(storage);
    // A commit each, so that nobody waits for all of it.
    while (await storage.write((tx) => deleteOldRecords(tx.db, before)));
    while (await storage.write((tx) => deleteOldAudit(tx.db, now - house.auditDays * 24 * HOUR)));
    while (await storage.write((tx) => sweepDeletedRooms(tx.db)));
    while (await storage.write((tx) => sweepEndedCommunities(tx.db)));
  };
  const look = async (): Promise<void> => {
    if (await restored()) house.onReplaced();
    if (await rules()) house.onRulesChanged();
  };
  const count = async (): Promise<void> => {
    if (!house.sweeps()) return;
    await storage.write((tx) => sampleWaitingJobs(tx.db, clock()));
    while (await storage.write((tx) => countActivity(tx.db, clock() - LIMITS.countedAfter)));
  };
  const failed = (err: unknown): void => logger.error({ err }, 'housekeeping failed');
  const endSome = async (): Promise<void> => {
    if (house.sweeps()) await endBans(storage, clock());
  };
  const forgetting = forgettingOf(house);
  const stops = [
    every(LOOK, forgetting.look, failed),
    every(LIMITS.bansEndEvery, endSome, failed),
    every(LIMITS.verifyEndEvery, async () => void (house.sweeps() && (await house.sweepGates())), failed),
    every(HOUR, sweep, failed),
    every(MINUTE, count, failed),
    every(LOOK, look, failed),
  ];
  void look().catch(failed);
  return {
    async stop() {
      for (const stop of stops) stop();
      await forgetting.end();
    },
  };
}

/** Ends what was begun with people who were deleted. The piece under way is waited for at the end, and no other is begun. */
function forgettingOf({ sweepErased, sweeps, logger }: House): { look(): Promise<void>; end(): Promise<void> } {
  const ending = new AbortController();
  let underWay: Promise<unknown> = Promise.resolve();
  return {
    async look() {
      if (!sweeps()) return;
      const swept = sweepErased(ending.signal);
      underWay = swept.catch(() => undefined);
      for (const account of await swept) logger.info({ account }, 'all of a deleted account is gone but what is kept');
    },
    async end() {
      ending.abort();
      await underWay;
    },
  };
}

/** Tells whether what is read is another than at the last look. */
function changes(read: () => Promise<string | undefined>): () => Promise<boolean> {
  let seen: string | undefined | null = null;
  return async () => {
    const now = await read();
    const changed = seen !== null && now !== seen;
    seen = now;
    return changed;
  };
}
