import type { Kysely } from 'kysely';
import { NOTHING_CHOSEN, type Chosen } from '#core/feature-settings.ts';
import { hot } from './hot.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

interface Row {
  chosen: string;
  version: number;
}

const findChosen = hot<[community: string, feature: string], Row>(2, (db, [community, feature]) =>
  db
    .selectFrom('feature_settings')
    .select(['chosen', 'version'])
    .where('community_id', '=', community)
    .where('feature', '=', feature),
);

/** What a community chose of a feature. Read with each use of its commands, so a change holds at once in every process. */
export async function readChosen(db: Db, community: string, feature: string): Promise<Chosen> {
  const [row] = await findChosen(db, community, feature);
  return row ? toChosen(row) : NOTHING_CHOSEN;
}

/** All that a community chose, by feature; of features that are no longer there, too. */
export async function listChosen(db: Db, community: string): Promise<Map<string, Chosen>> {
  const rows = await db.selectFrom('feature_settings').selectAll().where('community_id', '=', community).execute();
  return new Map(rows.map((row) => [row.feature, toChosen(row)]));
}

/** The row stays where all is as declared again: a version never comes twice. */
export async function keepChosen(
  db: Db,
  { community, feature, chosen }: { community: string; feature: string; chosen: Chosen },
): Promise<void> {
  const row = { chosen: JSON.stringify(chosen.values), version: chosen.version };
  await db
    .insertInto('feature_settings')
    .values({ community_id: community, feature, ...row })
    .onConflict((conflict) => conflict.columns(['community_id', 'feature']).doUpdateSet(row))
    .execute();
}

function toChosen({ chosen, version }: Row): Chosen {
  return { values: JSON.parse(chosen) as Chosen['values'], version };
}
