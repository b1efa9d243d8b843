import type { ExpressionBuilder } from 'kysely';
import { newId } from '#core/ids.ts';
import { NOBODY, type Forgetting, type PersonOnRecord } from '#core/personal-data.ts';
import type { Schema } from './schema.ts';
import { clearRows, deleteRows, rowsOf, type Db, type Personal } from './personal.ts';

/** What was done to keep order: to somebody, and by them. */
export const personalOrder: Personal = {
  name: 'order',
  columns: {
    sanctions: ['account_id', 'platform_id', 'name', 'reason', 'made_by', 'lifted_by'],
    reports: ['author_id', 'person', 'person_name', 'text', 'reason', 'made_by', 'by_called', 'settled_by'],
    held_messages: ['author_id', 'text'],
  },
  keeps: ({ messages }) => [
    {
      what: 'Bans and mutes that still hold, with the reason and your ids on platforms; those that are over go.',
      why: 'Otherwise deleting the account would be a way around them.',
    },
    {
      what: `Reports that you made or that were made of you, without names${messages === 'delete' ? ' and without what you wrote' : ''}.`,
      why: 'They tell how the community decided.',
    },
  ],
  async *read(db, person) {
    yield* rowsOf(db, { table: 'held_messages', column: 'author_id', ids: [person.account] });
    for (const row of await sanctionsOn(db, person)) {
      const { made_by: _by, lifted_by: _lifted, ...rest } = row;
      yield { table: 'sanctions', ...rest };
    }
    for (const row of await reportsWith(db, person)) yield { table: 'reports', ...row };
  },
  async erase(db, person, how) {
    const ids = [person.account];
    await deleteRows(db, { table: 'held_messages', column: 'author_id', ids });
    await eraseSanctions(db, person, how);
    await clearRows(db, { table: 'sanctions', column: 'made_by', ids });
    await clearRows(db, { table: 'sanctions', column: 'lifted_by', ids });
    await clearRows(db, { table: 'reports', column: 'settled_by', ids });
    await eraseReports(db, person, how);
  },
};

/** Without who did it: those are others. */
async function sanctionsOn(db: Db, { account, identities }: PersonOnRecord) {
  const here = await db.selectFrom('sanctions').selectAll().where('account_id', '=', account).execute();
  const there = await Promise.all(identities.map(({ platform, id }) => sanctionsThere(db, platform, id)));
  return [...here, ...there.flat()];
}

/** Of those about the person their own words, and not who reported them and why; of those they made their reason alone. */
async function reportsWith(db: Db, person: PersonOnRecord): Promise<object[]> {
  const about = ['id', 'community_id', 'message_id', 'platform', 'place', 'made_at', 'settled_at', 'outcome'] as const;
  const of = db.selectFrom('reports').select(about);
  return [
    ...(await of.select(['text', 'person_name']).where(isAbout(person)).execute()),
    ...(await of.select(['reason', 'by_called']).where('made_by', 'in', madeAs(person)).execute()),
  ];
}

async function eraseReports(db: Db, person: PersonOnRecord, { messages }: Forgetting): Promise<void> {
  const reports = db.updateTable('reports');
  await reports.set({ reason: '', by_called: null }).where('made_by', 'in', madeAs(person)).execute();
  const words = messages === 'delete' ? { text: '' } : {};
  await reports
    .set({ person_name: null, ...words })
    .where(isAbout(person))
    .execute();
}

/** Who reported something before linking is written as their name on the platform. */
function madeAs({ account, identities }: PersonOnRecord): string[] {
  return [account, ...identities.map(({ platform, id }) => `${platform}:${id}`)];
}

function isAbout({ account, identities }: PersonOnRecord) {
  return (e: ExpressionBuilder<Schema, 'reports'>) =>
    e.or([
      e('author_id', '=', account),
      ...identities.map(({ platform, id }) => e.and([e('platform', '=', platform), e('person', '=', id)])),
    ]);
}

function sanctionsThere(db: Db, platform: string, id: string) {
  return db
    .selectFrom('sanctions')
    .selectAll()
    .where('platform', '=', platform)
    .where('platform_id', '=', id)
    .execute();
}

/**
 * What is over goes. What holds is carried to each identity, which belongs to nobody any more, as a part of it: whoever lifts it
 * lifts all. It gives no membership back.
 */
async function eraseSanctions(db: Db, person: PersonOnRecord, { at }: Forgetting): Promise<void> {
  const { account, identities } = person;
  const there = await Promise.all(identities.map(({ platform, id }) => sanctionsThere(db, platform, id)));
  const here = await db.selectFrom('sanctions').selectAll().where('account_id', '=', account).execute();
  const holding = here.filter(({ until, lifted_at }) => lifted_at === null && (until === null || until > at));
  const over = [...here, ...there.flat()].filter(
    ({ until, lifted_at }) => lifted_at !== null || (until !== null && until <= at),
  );
  for (const { id } of over) await db.deleteFrom('sanctions').where('id', '=', id).execute();
  const kept = [...holding, ...there.flat()].map(({ id }) => id);
  if (kept.length > 0)
    await db.updateTable('sanctions').set({ name: NOBODY, was: null }).where('id', 'in', kept).execute();
  for (const row of holding)
    for (const { platform, id } of identities) {
      const carried = { ...row, id: newId('sanc', at), name: NOBODY, account_id: null, part_of: row.id, was: null };
      const has = there
        .flat()
        .some(
          (one) => (one.id === row.id || one.part_of === row.id) && one.platform === platform && one.platform_id === id,
        );
      if (!has)
        await db
          .insertInto('sanctions')
          .values({ ...carried, platform, platform_id: id })
          .execute();
    }
}
