import { idsOf, NOBODY, type Forgetting, type PersonOnRecord } from '#core/personal-data.ts';
import { clearRows, deleteRows, rowsOf, type Db, type Of, type Personal } from './personal.ts';
import { isBanned } from './verifications.ts';

/** Who somebody proved to be, and what they did to a community's list. */
export const personalVerification: Personal = {
  name: 'verification',
  columns: {
    verify_settings: ['changed_by'],
    lists: [],
    list_rows: ['user_id', 'email', 'name'],
    list_imports: ['made_by'],
    list_sources: ['chosen_by'],
    list_import_rows: ['user_id', 'email', 'name'],
    verify_requests: ['subject', 'platform_id', 'name'],
    verifications: ['subject', 'name', 'ended_by'],
    verify_bars: ['subject', 'name', 'lifted_by'],
    behind_gate: ['account_id'],
    verify_told: ['person'],
    reach_outs: ['made_by'],
    mail_outbox: ['account_id'],
  },
  keeps: () => [
    {
      what: 'Your row in the lists of communities, with the address and the name that are written there.',
      why: 'The list is the community’s own. Ask its moderators to take you off.',
    },
    {
      what: 'Which row of a list you were, where you are banned; and that you may not ask to be verified, where that is so.',
      why: 'Otherwise deleting the account would be a way around it.',
    },
  ],
  async *read(db, person) {
    const ids = idsOf(person);
    for (const of of placesOf(ids)) yield* rowsOf(db, of);
    for (const row of await entriesOf(db, ids)) yield { table: 'list_rows', ...row };
  },
  async erase(db, person, how) {
    const ids = idsOf(person);
    await eraseBindings(db, person, how);
    for (const of of placesOf(ids)) if (!STAYS.has(of.table)) await deleteRows(db, of);
    await db.updateTable('verify_bars').set({ name: NOBODY }).where('subject', 'in', ids).execute();
    for (const [table, column] of DONE_BY) await clearRows(db, { table, column, ids: [person.account] });
  },
};

/** Where somebody stands by their own ids. */
function placesOf(ids: string[]): Of[] {
  return [
    { table: 'verifications', column: 'subject', ids },
    { table: 'verify_requests', column: 'subject', ids },
    { table: 'verify_bars', column: 'subject', ids },
    { table: 'verify_told', column: 'person', ids },
    { table: 'behind_gate', column: 'account_id', ids },
    { table: 'mail_outbox', column: 'account_id', ids },
  ];
}

const STAYS: ReadonlySet<string> = new Set(['verifications', 'verify_bars']);

const DONE_BY = [
  ['verify_settings', 'changed_by'],
  ['list_imports', 'made_by'],
  ['list_sources', 'chosen_by'],
  ['verifications', 'ended_by'],
  ['verify_bars', 'lifted_by'],
  ['reach_outs', 'made_by'],
] as const;

/** The rows of lists that they are. */
function entriesOf(db: Db, ids: string[]) {
  return db
    .selectFrom('list_people')
    .innerJoin('verifications', (join) =>
      join
        .onRef('verifications.community_id', '=', 'list_people.community_id')
        .onRef('verifications.key', '=', 'list_people.key'),
    )
    .selectAll('list_people')
    .where('verifications.subject', 'in', ids)
    .where('verifications.ended_at', 'is', null)
    .execute();
}

/** A ban sticks to the entry, so who it was has to stay known by a number; all else goes, and the entry is free. */
async function eraseBindings(db: Db, person: PersonOnRecord, { at }: Forgetting): Promise<void> {
  const rows = await db.selectFrom('verifications').selectAll().where('subject', 'in', idsOf(person)).execute();
  for (const { id, community_id: community, subject } of rows) {
    const row = { name: NOBODY, ended_by: null };
    if (await isBanned(db, community, subject, at))
      await db.updateTable('verifications').set(row).where('id', '=', id).execute();
    else await db.deleteFrom('verifications').where('id', '=', id).execute();
  }
}
