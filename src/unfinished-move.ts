import type { Kysely } from 'kysely';
import { readFact } from '#storage/instance.ts';
import type { Schema } from '#storage/schema.ts';

/** The fact in `instance` that a move leaves in its target: it is about that database alone. */
export const MOVE_FACT = 'move';

/** What it says. */
export interface MoveMark {
  /** The first community of the hall that is carried over: no two halls have the same. */
  from: string;
  state: 'under way' | 'done';
}

/** Undefined where nothing was ever carried over into this database. */
export async function readMoveMark(db: Kysely<Schema>): Promise<MoveMark | undefined> {
  const text = await readFact(db, MOVE_FACT);
  return text === undefined ? undefined : (JSON.parse(text) as MoveMark);
}

/** Throws a sentence where a move into this database is not at its end: nobody may use it before. */
export async function refuseUnfinishedMove(db: Kysely<Schema>): Promise<void> {
  if ((await readMoveMark(db))?.state === 'under way')
    throw new Error(
      'A hall is being carried over into this database, and that is not at its end. ' +
        'Run it to its end: npm run -s guildhall -- move',
    );
}
