import { toRfc3339, type Clock } from '#core/clock.ts';
import type { Connector } from '#core/platform.ts';
import type { OperatorPort } from '#http/hall.ts';
import type { Storage } from '#storage/storage.ts';
import { countOutbox, deleteDead, listDead, reviveJob } from '#storage/work.ts';

/** What the operator sees to: jobs that failed for good, what is not ready, figures. */
export function operatorPort(storage: Storage, clock: Clock, connectors: readonly Connector[]): OperatorPort {
  return {
    async dead() {
      const rows = await listDead(storage.db);
      return rows.map(({ id, name, reason, attempts, failedAt }) => ({
        id,
        job: name,
        reason,
        attempts,
        failedAt: failedAt === null ? null : toRfc3339(failedAt),
      }));
    },
    async retry(id) {
      return storage.write(async (tx) => {
        const row = await reviveJob(tx.db, id, clock());
        if (row) await tx.publish('jobs', { id });
        return row !== undefined;
      });
    },
    forget: (id) => storage.write((tx) => deleteDead(tx.db, id)),
    async unready() {
      const troubled = connectors
        .map((one) => one.health())
        .filter(({ state, why }) => state !== 'up' || why !== undefined);
      return troubled.map(({ platform, state, why }) => ({ name: platform, why: why ?? state }));
    },
    platforms: () => connectors.map((one) => one.health()),
    outbox: () => countOutbox(storage.db),
  };
}
