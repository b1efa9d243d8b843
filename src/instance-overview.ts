import { toRfc3339, type Clock } from '#core/clock.ts';
import { LIMITS } from '#core/limits.ts';
import type { InstanceOverview, MinuteFigures, SeenPart } from '#http/hall.ts';
import { readBackup } from '#storage/backups.ts';
import { readDatabaseFacts, readQueueFacts } from '#storage/look-inside.ts';
import { figuresSince, INSTANCE, type MinuteFigure } from '#storage/minute-figures.ts';
import { listProcesses, type PartHealth, type SeenProcess } from '#storage/processes.ts';
import type { Storage } from '#storage/storage.ts';
import { VERSION } from './version.ts';

export interface InstanceParts {
  storage: Storage;
  clock: Clock;
  /** The process that is asked. */
  self: { id: string; role: string };
  schema: number;
  /** RabbitMQ, Redis and the vault, as this process sees them. */
  engines(): PartHealth[];
  platforms(): PartHealth[];
}

/** The instance at one look, for its operator. Whether one may ask is the route's question. */
export function instanceOverview(parts: InstanceParts): () => Promise<InstanceOverview> {
  const { storage, clock, schema } = parts;
  return async () => {
    const began = performance.now();
    const facts = await readDatabaseFacts(storage);
    const database = { ...facts, state: 'up' as const, answersMs: Math.round((performance.now() - began) * 10) / 10 };
    const since = clock() - (clock() % MINUTE) - (MINUTES_SHOWN - 1) * MINUTE;
    const [queues, seen, backup, noted] = await Promise.all([
      readQueueFacts(storage.db),
      listProcesses(storage, REMEMBERED_MS),
      readBackup(storage.db),
      figuresSince(storage.db, since),
    ]);
    const now = clock();
    const minutes = (of: string, name: string): MinuteFigures => minutesOf(noted, { of, name, since });
    return {
      version: VERSION,
      node: process.versions.node,
      schema,
      processes: withSelf(parts, seen, now).map((one) => ({
        ...shownProcess(one, now),
        memory: minutes(one.id, 'memory'),
        busy: minutes(one.id, 'busy').map((figure) => figure && figure / PER_CENT),
      })),
      since: toRfc3339(since),
      waited: { jobs: minutes(INSTANCE, 'jobs'), outbox: minutes(INSTANCE, 'outbox') },
      queues: queues.map(({ name, waiting, oldest }) => ({
        name,
        waiting,
        oldest: oldest === null ? null : toRfc3339(oldest),
      })),
      engines: [database, ...parts.engines().map(shownPart)],
      backup: backup && { at: toRfc3339(backup.at), bytes: backup.bytes },
    };
  };
}

const MINUTE = 60_000;
const MINUTES_SHOWN = 60;
/** Per mille of one per cent: as which it is noted. */
const PER_CENT = 10;

function minutesOf(
  noted: readonly MinuteFigure[],
  { of, name, since }: { of: string; name: string; since: number },
): MinuteFigures {
  const known = new Map(
    noted.filter((one) => one.of === of && one.name === name).map(({ minute, figure }) => [minute, figure]),
  );
  return Array.from({ length: MINUTES_SHOWN }, (_, n) => known.get(since + n * MINUTE) ?? null);
}

/** ms: a process that ended without a word is shown for an hour; whoever asks then knows of it, or never will. */
const REMEMBERED_MS = 3_600_000;

/** One that is alone gives no sign of life to anybody. */
function withSelf({ self, engines, platforms }: InstanceParts, seen: SeenProcess[], now: number): SeenProcess[] {
  if (seen.some(({ id }) => id === self.id)) return seen;
  const startedAt = now - Math.round(process.uptime() * 1_000);
  return [{ ...self, version: VERSION, health: [...engines(), ...platforms()], startedAt, silentFor: 0 }, ...seen];
}

function shownProcess(
  process: SeenProcess,
  now: number,
): Omit<InstanceOverview['processes'][number], 'memory' | 'busy'> {
  const { id, role, version, health, startedAt, silentFor } = process;
  const isWell = health.every(({ state, why }) => (state === 'up' || state === 'standby') && why === undefined);
  const alive = isWell ? 'live' : 'troubled';
  return {
    id,
    role,
    version,
    state: silentFor >= LIMITS.heartbeatGone ? 'silent' : alive,
    startedAt: toRfc3339(startedAt),
    seenAt: toRfc3339(now - silentFor),
    parts: health.map(shownPart),
  };
}

function shownPart({ name, state, why }: PartHealth): SeenPart {
  return { name, state, ...(why !== undefined && { why }) };
}
