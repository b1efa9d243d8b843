import type { Kysely } from 'kysely';
import { readFact, writeFact } from './instance.ts';
import type { Schema } from './schema.ts';

/** The last backup that was read back whole. */
export interface LastBackup {
  at: number;
  bytes: number;
}

export const LAST_BACKUP = 'backup.last';

export async function readBackup(db: Kysely<Schema>): Promise<LastBackup | null> {
  const kept = await readFact(db, LAST_BACKUP);
  return kept === undefined ? null : (JSON.parse(kept) as LastBackup);
}

/** A backup does not know of itself: one that is put back tells of the one before it. */
export async function keepBackup(db: Kysely<Schema>, backup: LastBackup): Promise<void> {
  await writeFact(db, LAST_BACKUP, JSON.stringify(backup));
}
