import { idsOf, type PersonOnRecord } from '#core/personal-data.ts';
import { clearRows, deleteRows, rowsOf, type Db, type Personal } from './personal.ts';

/** Where somebody belongs, and what they made there. */
export const personalPlaces: Personal = {
  name: 'communities',
  columns: {
    members: ['account_id'],
    communities: ['made_by'],
    invites: ['created_by'],
    spaces: ['connected_by'],
    platform_apps: ['created_by'],
    command_settings: ['allow'],
    command_uses: ['person'],
    rooms: ['created_by'],
    room_members: ['account_id'],
    word_rules: ['made_by'],
    incoming_webhooks: ['made_by'],
  },
  keeps: () => [
    {
      what: 'Communities, rooms, invites, spaces, word lists and webhooks that you made, without your name.',
      why: 'They belong to the community, which goes on using them.',
    },
  ],
  async *read(db, person) {
    const ids = [person.account];
    for (const table of BELONGS) yield* rowsOf(db, { table, column: 'account_id', ids });
    for (const [table, column] of [...MADE, ['rooms', 'created_by']] as const)
      yield* rowsOf(db, { table, column, ids });
    yield* rowsOf(db, { table: 'command_uses', column: 'person', ids: idsOf(person) });
    for (const { community, command } of await listsWith(db, person))
      yield { table: 'command_settings', community, command };
  },
  async erase(db, person) {
    const ids = [person.account];
    for (const table of BELONGS) await deleteRows(db, { table, column: 'account_id', ids });
    for (const [table, column] of MADE) await clearRows(db, { table, column, ids });
    await deleteRows(db, { table: 'command_uses', column: 'person', ids: idsOf(person) });
    for (const { community, command, others } of await listsWith(db, person))
      await db
        .updateTable('command_settings')
        .set({ allow: JSON.stringify(others) })
        .where('community_id', '=', community)
        .where('command', '=', command)
        .execute();
  },
};

const BELONGS = ['members', 'room_members'] as const;

/** Tables whose rows stay without their maker. */
const MADE = [
  ['communities', 'made_by'],
  ['invites', 'created_by'],
  ['spaces', 'connected_by'],
  ['platform_apps', 'created_by'],
  ['word_rules', 'made_by'],
  ['incoming_webhooks', 'made_by'],
] as const;

interface NamedFor {
  community: string;
  command: string;
  /** The list without this person. */
  others: string[];
}

/** The commands that a community keeps for people by name, this one among them. */
async function listsWith(db: Db, person: PersonOnRecord): Promise<NamedFor[]> {
  const ids = idsOf(person);
  const rows = await db.selectFrom('command_settings').selectAll().where('allow', 'like', '[%').execute();
  return rows.flatMap(({ community_id: community, command, allow }) => {
    const people = JSON.parse(allow ?? '[]') as string[];
    const others = people.filter((one) => !ids.includes(one));
    return others.length === people.length ? [] : [{ community, command, others }];
  });
}
