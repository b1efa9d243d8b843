import { idsOf, NOBODY } from '#core/personal-data.ts';
import { deleteRows, rowsOf, type Personal } from './personal.ts';

/** The account itself, and its ways in. */
export const personalPeople: Personal = {
  name: 'account',
  columns: {
    accounts: ['id', 'username', 'name', 'email'],
    sessions: ['account_id', 'device'],
    identities: ['account_id', 'platform_id', 'name'],
    tokens: ['account_id', 'name'],
    second_factors: ['account_id'],
    recovery_codes: ['account_id'],
    one_time_codes: ['account_id', 'platform_id', 'name'],
    device_logins: ['account_id'],
  },
  keeps: () => [
    {
      what: 'The number of the account, without a name, an address or a way in.',
      why: 'What stays of conversations and decisions refers to it.',
    },
  ],
  async *read(db, { account }) {
    yield* rowsOf(db, { table: 'accounts', column: 'id', ids: [account] });
    for (const table of WAYS_IN) yield* rowsOf(db, { table, column: 'account_id', ids: [account] });
  },
  async erase(db, { account, identities }, { at }) {
    for (const table of WAYS_IN) await deleteRows(db, { table, column: 'account_id', ids: [account] });
    // Codes that were made on a platform belong to no account yet.
    for (const { platform, id } of identities)
      await db.deleteFrom('one_time_codes').where('platform', '=', platform).where('platform_id', '=', id).execute();
    await db
      .updateTable('accounts')
      .set({
        // Longer than a username may be: nobody has it, and nobody can take it.
        username: `deleted-${account.toLowerCase()}`,
        name: NOBODY,
        password_hash: '',
        operator: 0,
        email: null,
        email_verified_at: null,
        disabled_at: at,
        erased_at: at,
      })
      .where('id', '=', account)
      .execute();
  },
};

const WAYS_IN = [
  'sessions',
  'identities',
  'tokens',
  'second_factors',
  'recovery_codes',
  'one_time_codes',
  'device_logins',
] as const;

/** What people entrusted. Nobody can read it, they neither: of each its purpose and its times. */
export const personalSecrets: Personal = {
  name: 'secrets',
  columns: { secrets: ['owner'] },
  keeps: () => [],
  read: (db, person) => rowsOf(db, { table: 'secrets', column: 'owner', ids: idsOf(person) }),
  erase: (db, person) => deleteRows(db, { table: 'secrets', column: 'owner', ids: idsOf(person) }),
};
