import { sql } from 'kysely';
import { LIMITS } from '#core/limits.ts';
import { databaseNow } from '#storage/database-clock.ts';
import { listProcesses, type PartHealth, type SeenProcess } from '#storage/processes.ts';
import type { Storage } from '#storage/storage.ts';
import type { Config } from './config.ts';
import type { Finding } from './deployment-checks.ts';
import { openStorage } from './engines.ts';
import { platforms } from './platforms.ts';

/** The processes that share the database: who is there and how they are, who holds what, and who is missing. */
export async function checkProcesses(config: Config): Promise<Finding[]> {
  const storage = await openStorage(config, { database: '', role: 'doctor' });
  try {
    const seen = await listProcesses(storage, REMEMBERED_MS);
    const there = seen.filter(({ silentFor }) => silentFor < LIMITS.heartbeatGone);
    const gone = seen.filter(({ silentFor }) => silentFor >= LIMITS.heartbeatGone);
    return [
      ...there.flatMap(tellProcess),
      ...gone.map(tellGone),
      ...tellMissing(config, there),
      ...tellVersions(there),
      ...(await tellLeases(storage, seen)),
    ];
  } catch (error) {
    if ((error as { code?: string }).code === NO_SUCH_TABLE) return [];
    throw error;
  } finally {
    await storage.close();
  }
}

/** Nobody has started anything on the database yet. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const NO_SUCH_TABLE = '42P01';

/** ms: a process that ended without a word is told for an hour; whoever asks then knows of it, or never will. */
const REMEMBERED_MS = 3_600_000;

function tellProcess({ id, role, version, startedAt, health }: SeenProcess): Finding[] {
  const down = health.filter(({ state }) => state === 'down');
  const others = health.filter(({ state }) => state === 'standby' || state === 'starting');
  const isYoung = Date.now() - startedAt < YOUNG_MS;
  const since = `${new Date(startedAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const parts = down.length + others.length === 0 ? ', all well' : others.map(inWords).join('');
  return [
    { state: 'ok', what: 'process', lines: [`${role} ${version} since ${since}${parts}`, id] },
    ...down.map(({ name, why }): Finding => ({
      state: isYoung ? 'note' : 'wrong',
      what: 'process',
      lines: [`${name} is down in the ${role}: ${why ?? 'no reason told'}`, `Its log says more: ${id}`],
    })),
  ];
}

/** ms after a start in which what is not there yet may still be on its way. */
const YOUNG_MS = 10_000;

function inWords({ name, state }: PartHealth): string {
  return `, ${name} ${state === 'standby' ? 'stands by' : 'is starting'}`;
}

function tellGone({ id, role, silentFor }: SeenProcess): Finding {
  const minutes = Math.round(silentFor / 60_000);
  const when = minutes < 1 ? `${Math.round(silentFor / 1_000)} s` : `${minutes} min`;
  return { state: 'note', what: 'process', lines: [`${role} ended without a word ${when} ago (${id})`] };
}

/** What people miss while nobody does it. */
const MISSED = {
  hall: 'nobody can sign in or write',
  bot: 'commands wait unanswered',
  worker: 'jobs such as quotes wait',
};

/** A process that runs everything lacks nothing; several must make up a whole. */
function tellMissing(config: Config, there: SeenProcess[]): Finding[] {
  const roles = new Set(there.map(({ role }) => role));
  if (there.length === 0) return [{ state: 'note', what: 'processes', lines: ['none runs on this database'] }];
  if (roles.has('all')) return [];
  const missing = Object.entries(MISSED).filter(([role]) => !roles.has(role));
  const wanted = platforms(config).filter(({ name, skipped }) => !skipped && !roles.has(name));
  const all = [...missing, ...wanted.map(({ name }) => [name, `${name} is not joined`] as const)];
  return all.map(([role, what]) => ({
    state: 'wrong',
    what: 'processes',
    lines: [`No ${role} runs: ${what}.`, `Start one: npm start -- --role ${role}`],
  }));
}

function tellVersions(there: SeenProcess[]): Finding[] {
  const versions = [...new Set(there.map(({ version }) => version))].toSorted();
  if (versions.length < 2) return [];
  return [
    {
      state: 'note',
      what: 'processes',
      lines: [`versions ${versions.join(' and ')} run side by side, as while one follows the other`],
    },
  ];
}

async function tellLeases(storage: Storage, seen: SeenProcess[]): Promise<Finding[]> {
  const now = databaseNow(storage.dialect);
  const rows = await storage.db
    .selectFrom('leases')
    .select(['name', 'holder'])
    .where(sql<boolean>`until > ${now}`)
    .orderBy('name')
    .execute();
  if (rows.length === 0) return [];
  const roleOf = (holder: string): string => seen.find(({ id }) => id === holder)?.role ?? 'somebody unknown';
  const held = rows.map(({ name, holder }) => `${name} by ${roleOf(holder)} (${holder})`);
  return [{ state: 'ok', what: 'leases', lines: held }];
}
