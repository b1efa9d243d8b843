import { toRfc3339, type Clock } from '#core/clock.ts';
import type { Connector } from '#core/platform.ts';
import type { OperatorPort } from '#http/hall.ts';
import { record } from '#storage/audit.ts';
import type { PartHealth, SeenProcess } from '#storage/processes.ts';
import type { Storage } from '#storage/storage.ts';
import { countOutbox, deleteDead, listDead, reviveJob } from '#storage/work.ts';

export interface OperatorParts {
  storage: Storage;
  clock: Clock;
  /** Those that run in this process. */
  connectors(): readonly Connector[];
  /** The engines, as this process sees them. */
  engines(): PartHealth[];
  /** All processes, where there are several. */
  processes(): readonly SeenProcess[];
}

/** What the operator sees to: jobs that failed for good, what is not ready, figures. */
export function operatorPort(parts: OperatorParts): OperatorPort {
  const { storage, clock, connectors } = parts;
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
    async retry(id, by) {
      return storage.write(async (tx) => {
        const row = await reviveJob(tx.db, id, clock());
        if (!row) return false;
        await tx.publish('jobs', { id });
        await record(tx.db, { community: null, account: by, action: 'job.retry', subject: id, at: clock() });
        return true;
      });
    },
    async forget(id, by) {
      return storage.write(async (tx) => {
        const gone = await deleteDead(tx.db, id);
        if (gone) await record(tx.db, { community: null, account: by, action: 'job.drop', subject: id, at: clock() });
        return gone;
      });
    },
    async unready() {
      const own = connectors()
        .map((one) => one.health())
        .map(({ platform, state, why }): PartHealth => ({ name: platform, state, ...(why !== undefined && { why }) }));
      const all = [...parts.engines(), ...own, ...elsewhere(parts.processes(), new Set(own.map(({ name }) => name)))];
      return all.filter(isTroubled).map(({ name, state, why }) => ({ name, why: why ?? state }));
    },
    platforms: () => connectors().map((one) => one.health()),
    outbox: () => countOutbox(storage.db),
  };
}

function isTroubled({ state, why }: PartHealth): boolean {
  return (state !== 'up' && state !== 'standby') || why !== undefined;
}

/** What nobody can do without. */
const NEEDED = {
  hall: 'no process serves the web chat',
  bot: 'commands wait: no process answers them',
  worker: 'jobs wait: no process does them',
};

/** The platforms of other processes, each as the one has it that runs it; and the roles that nobody has. */
function elsewhere(processes: readonly SeenProcess[], own: ReadonlySet<string>): PartHealth[] {
  if (processes.length === 0) return [];
  const platforms = new Map<string, PartHealth>();
  for (const part of processes.flatMap(({ health }) => health)) {
    if (own.has(part.name) || !PLATFORMS.has(part.name)) continue;
    if (platforms.get(part.name)?.state !== 'up') platforms.set(part.name, part);
  }
  const engines = processes.flatMap(({ role, health }) =>
    health
      .filter(({ name, state }) => ENGINES.has(name) && state !== 'up')
      .map((part) => ({ ...part, name: `${part.name} of a ${role}` })),
  );
  const standing = [...platforms.values()].map((part) => (part.state === 'standby' ? nobody(part.name) : part));
  const roles = new Set(processes.map(({ role }) => role));
  const missing = roles.has('all') ? [] : Object.entries(NEEDED).filter(([role]) => !roles.has(role));
  return [...standing, ...engines, ...missing.map(([name, why]): PartHealth => ({ name, state: 'down', why }))];
}

const ENGINES = new Set(['rabbitmq', 'redis', 'mail']);

const PLATFORMS = new Set(['discord', 'slack', 'twitch']);

function nobody(name: string): PartHealth {
  return { name, state: 'down', why: 'no process has its connection yet' };
}
