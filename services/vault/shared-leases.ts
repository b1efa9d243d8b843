import { createHash } from 'node:crypto';
import type { LeaseAnswer } from '#contracts/vault.ts';
import { CALL_LIMITS } from './call-limits.ts';

/** Runs it, or waits for the run of the same name that goes on. */
export type Shared = (name: string, run: () => Promise<LeaseAnswer>) => Promise<LeaseAnswer>;

/**
 * One request for all who ask at once. One that used its refresh token up is told a while longer: who did not get the
 * answer has only the old token, and asking with that would end in a refusal.
 */
export function sharedLeases(clock: () => number): Shared {
  const going = new Map<string, Promise<LeaseAnswer>>();
  const done = new Map<string, { until: number; lease: LeaseAnswer }>();
  const keep = async (name: string, run: Promise<LeaseAnswer>): Promise<LeaseAnswer> => {
    try {
      const lease = await run;
      if (lease.resealed && done.size < CALL_LIMITS.leases)
        done.set(name, { until: clock() + CALL_LIMITS.leaseKept, lease });
      return lease;
    } finally {
      going.delete(name);
    }
  };
  return (text, run) => {
    const name = createHash('sha256').update(text).digest('base64url');
    const now = clock();
    for (const [one, { until }] of done) if (until <= now) done.delete(one);
    const before = done.get(name);
    if (before) return Promise.resolve(before.lease);
    const lease = going.get(name) ?? keep(name, run());
    going.set(name, lease);
    return lease;
  };
}
