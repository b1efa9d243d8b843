import type { Kysely } from 'kysely';
import { hot } from './hot.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** Whose uses of what, where. `person`: an account, or `platform:id`. */
export interface UseKey {
  community: string;
  command: string;
  person: string;
}

/** How much of a window is used up, and when the last use was. Times are ms since 1970. */
export interface UseCount {
  windowStart: number;
  used: number;
  lastAt: number;
}

export type CommandUse = UseKey & UseCount;

const selectUse = hot<
  [community: string, command: string, person: string],
  { window_start: number; used: number; last_at: number }
>(3, (db, [community, command, person]) =>
  db
    .selectFrom('command_uses')
    .select(['window_start', 'used', 'last_at'])
    .where('community_id', '=', community)
    .where('command', '=', command)
    .where('person', '=', person),
);

export async function findUse(db: Db, { community, command, person }: UseKey): Promise<UseCount | undefined> {
  const [row] = await selectUse(db, community, command, person);
  return row && { windowStart: row.window_start, used: row.used, lastAt: row.last_at };
}

type Columns = [community: string, command: string, person: string, windowStart: number, used: number, lastAt: number];

const upsertUse = hot<Columns, never>(6, (db, [community, command, person, windowStart, used, lastAt]) =>
  db
    .insertInto('command_uses')
    .values({ community_id: community, command, person, window_start: windowStart, used, last_at: lastAt })
    .onConflict((conflict) =>
      conflict
        .columns(['community_id', 'command', 'person'])
        .doUpdateSet((e) => ({
          window_start: e.ref('excluded.window_start'),
          used: e.ref('excluded.used'),
          last_at: e.ref('excluded.last_at'),
        }))
        .whereRef('command_uses.last_at', '<=', 'excluded.last_at'),
    ),
);

/** Keeps a count as it stood after a use. One that comes late, after a newer one, changes nothing. */
export async function keepUse(db: Db, use: CommandUse): Promise<void> {
  await upsertUse(db, use.community, use.command, use.person, use.windowStart, use.used, use.lastAt);
}

/** Forgets who used nothing since `before`: a time at which every window that may be is over. */
export async function deleteOldUses(db: Db, before: number): Promise<void> {
  await db.deleteFrom('command_uses').where('last_at', '<', before).execute();
}
