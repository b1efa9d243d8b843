import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** Of the instance as a whole, where a figure is not of one process. */
export const INSTANCE = 'instance';

/** A figure of a process, or of the instance, in one minute: ms since 1970 at which that began. */
export interface MinuteFigure {
  of: string;
  name: string;
  minute: number;
  figure: number;
}

/** Notes how it was in the minute of `at`. What was noted of the same minute before is written over. */
export async function noteFigures(
  db: Db,
  { of, at, figures }: { of: string; at: number; figures: Readonly<Record<string, number>> },
): Promise<void> {
  const minute = at - (at % MINUTE);
  await db
    .insertInto('minute_figures')
    .values(
      Object.entries(figures).map(([name, figure]) => ({ of_what: of, name, minute, figure: Math.round(figure) })),
    )
    .onConflict((conflict) =>
      conflict.columns(['minute', 'of_what', 'name']).doUpdateSet((e) => ({ figure: e.ref('excluded.figure') })),
    )
    .execute();
}

const MINUTE = 60_000;

/** All that was noted of minutes that began at `since` or later. */
export async function figuresSince(db: Db, since: number): Promise<MinuteFigure[]> {
  const rows = await db.selectFrom('minute_figures').selectAll().where('minute', '>=', since).execute();
  return rows.map(({ of_what: of, name, minute, figure }) => ({
    of,
    name,
    minute: Number(minute),
    figure: Number(figure),
  }));
}

/** Forgets minutes that began before. */
export async function deleteOldFigures(db: Db, before: number): Promise<void> {
  await db.deleteFrom('minute_figures').where('minute', '<', before).execute();
}
