import { sql } from 'kysely';
import { databaseNow } from './database-clock.ts';
import type { Storage } from './storage.ts';

/** How one part of a process is: shown by readiness, metrics and the doctor. */
export interface PartHealth {
  /** Such as `discord` or `rabbitmq`. */
  name: string;
  state: 'up' | 'standby' | 'starting' | 'silent' | 'refused' | 'down';
  why?: string;
  /** Of a platform: when it was last heard, ms since 1970. */
  heardAt?: number;
  /** Of a platform: places that do not work while the others do, and why. */
  places?: Record<string, string>;
}

export interface ProcessRow {
  id: string;
  role: string;
  version: string;
  health: PartHealth[];
}

export interface SeenProcess extends ProcessRow {
  startedAt: number;
  /** ms since it was last seen. */
  silentFor: number;
}

/** Says that the process is there, and how it is. */
export async function seeProcess(storage: Storage, { id, role, version, health }: ProcessRow): Promise<void> {
  const now = databaseNow(storage.dialect);
  const text = JSON.stringify(health);
  await storage.write((tx) =>
    tx.db
      .insertInto('processes')
      .values({ id, role, version, health: text, started_at: now, seen_at: now })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ health: text, seen_at: now }))
      .execute(),
  );
}

/** Those seen within `ms`, in the order of their ids. */
export async function listProcesses(storage: Storage, ms: number): Promise<SeenProcess[]> {
  const now = databaseNow(storage.dialect);
  const rows = await storage.db
    .selectFrom('processes')
    .selectAll()
    .select(sql<number>`${now} - seen_at`.as('silent'))
    .where(sql<boolean>`${now} - seen_at < ${sql.lit(ms)}`)
    .orderBy('id')
    .execute();
  return rows.map(({ id, role, version, health, started_at: startedAt, silent }) => ({
    id,
    role,
    version,
    health: JSON.parse(health) as PartHealth[],
    startedAt,
    silentFor: Number(silent),
  }));
}

/** A process that ended by itself is not looked for. */
export async function forgetProcess(storage: Storage, id: string): Promise<void> {
  await storage.write((tx) => tx.db.deleteFrom('processes').where('id', '=', id).execute());
}

/** ms after which a process that never said goodbye is not shown any more: a day, so that an operator sees it. */
const FORGOTTEN_MS = 86_400_000;

/** Forgets processes that were last seen a day ago, or longer. */
export async function deleteOldProcesses(storage: Storage): Promise<void> {
  const now = databaseNow(storage.dialect);
  await storage.write((tx) =>
    tx.db
      .deleteFrom('processes')
      .where(sql<boolean>`${now} - seen_at > ${sql.lit(FORGOTTEN_MS)}`)
      .execute(),
  );
}
