import type { ExpressionBuilder, Kysely, Selectable } from 'kysely';
import { identityOf } from '#core/message.ts';
import type { Role } from '#core/roles.ts';
import { NO_GATE, type AtGate, type GateSettings } from '#core/verification.ts';
import { hot } from './hot.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** What a community decided about its gate. */
export async function findGate(db: Db, community: string): Promise<GateSettings> {
  const row = await db
    .selectFrom('verify_settings')
    .selectAll()
    .where('community_id', '=', community)
    .executeTakeFirst();
  return row ? toGate(row) : NO_GATE;
}

/** Keeps all of it. `by`: who changed it; null for the program. */
export async function writeGate(
  db: Db,
  community: string,
  { gate, by, at }: { gate: GateSettings; by: string | null; at: number },
): Promise<void> {
  const before = await db
    .selectFrom('verify_settings')
    .select('on_at')
    .where('community_id', '=', community)
    .executeTakeFirst();
  const row = {
    on_at: gate.on ? (before?.on_at ?? at) : null,
    mode: gate.mode,
    neutral: gate.neutral ? 1 : 0,
    nickname: gate.nickname,
    link_minutes: gate.linkMinutes,
    second: gate.second,
    welcome: JSON.stringify(gate.welcome),
    roles: JSON.stringify(gate.roles),
    changed_by: by,
    changed_at: at,
    version: gate.version,
  };
  await db
    .insertInto('verify_settings')
    .values({ community_id: community, oidc: null, ...row })
    .onConflict((conflict) => conflict.column('community_id').doUpdateSet(row))
    .execute();
}

/** How somebody stands at the gate: by an entry that is theirs, or one of a name that is linked with them. */
export async function atGate(db: Db, community: string, person: string): Promise<AtGate> {
  const { platform, platformId } = identityOf(person);
  const [row] = await selectAtGate(db, community, person, platform, platformId);
  if (row === undefined || row.on_at === null) return 'open';
  return row.verified === null ? 'unverified' : 'verified';
}

const selectAtGate = hot<
  [community: string, person: string, platform: string, platformId: string],
  { on_at: number | null; verified: string | null }
>(4, (db, [community, person, platform, platformId]) =>
  db
    .selectFrom('verify_settings')
    .select((e) => [
      'on_at',
      e
        .selectFrom('verifications')
        .select('verifications.id')
        .where('verifications.community_id', '=', community)
        .where('verifications.ended_at', 'is', null)
        .where((v) => ofPerson(v, { person, platform, platformId }))
        .limit(1)
        .as('verified'),
    ])
    .where('verify_settings.community_id', '=', community),
);

/** Whether a binding is the person's: their own, that of a name linked to their account, or that of the account that the name is linked to. */
export function ofPerson(
  e: ExpressionBuilder<Schema, 'verifications'>,
  { person, platform, platformId }: { person: string; platform: string; platformId: string },
) {
  const names = e
    .selectFrom('identities')
    .select((i) => i(i('platform', '||', ':'), '||', i.ref('platform_id')).as('name'))
    .where('account_id', '=', person);
  const account = e
    .selectFrom('identities')
    .select('account_id')
    .where('platform', '=', platform)
    .where('platform_id', '=', platformId);
  return e.or([
    e('verifications.subject', '=', person),
    e('verifications.subject', 'in', names.$castTo<{ subject: string }>()),
    e('verifications.subject', 'in', account),
  ]);
}

/** What somebody becomes who is to be a member: a guest while the gate is shut for them. */
export async function roleBehindGate(db: Db, community: string, account: string, role: Role): Promise<Role> {
  if (role !== 'member' || (await atGate(db, community, account)) !== 'unverified') return role;
  await holdBack(db, community, [account]);
  return 'guest';
}

/** The gate is shut: members who are not verified are guests. Gives them. */
export async function shutGate(db: Db, community: string): Promise<string[]> {
  const { own, linked } = verifiedAccounts(db, community);
  const rows = await db
    .updateTable('members')
    .set({ role: 'guest' })
    .where('community_id', '=', community)
    .where('role', '=', 'member')
    .where('account_id', 'not in', own)
    .where('account_id', 'not in', linked)
    .returning('account_id')
    .execute();
  const accounts = rows.map(({ account_id }) => account_id);
  await holdBack(db, community, accounts);
  return accounts;
}

/** Accounts that are verified, by an entry that is theirs, and by one of a linked name. */
export function verifiedAccounts(db: Db, community: string) {
  const active = db
    .selectFrom('verifications')
    .where('verifications.community_id', '=', community)
    .where('verifications.ended_at', 'is', null);
  const linked = active
    .innerJoin('identities', (join) =>
      join.on((e) =>
        e('verifications.subject', '=', e(e('identities.platform', '||', ':'), '||', e.ref('identities.platform_id'))),
      ),
    )
    .select('identities.account_id');
  return { own: active.select('verifications.subject'), linked };
}

/** The gate is open: whom it made a guest is a member again. Gives them. */
export async function openGate(db: Db, community: string): Promise<string[]> {
  const held = db.selectFrom('behind_gate').select('account_id').where('community_id', '=', community);
  const rows = await db
    .updateTable('members')
    .set({ role: 'member' })
    .where('community_id', '=', community)
    .where('role', '=', 'guest')
    .where('account_id', 'in', held)
    .returning('account_id')
    .execute();
  await db.deleteFrom('behind_gate').where('community_id', '=', community).execute();
  return rows.map(({ account_id }) => account_id);
}

/** An account was verified: a guest is a member. False where nothing changed. */
export async function letThrough(db: Db, community: string, account: string): Promise<boolean> {
  await db.deleteFrom('behind_gate').where('community_id', '=', community).where('account_id', '=', account).execute();
  return setRole(db, { community, account, from: 'guest', to: 'member' });
}

/** An account is verified no more: while the gate is shut a member is a guest. False where nothing changed. */
export async function sendBack(db: Db, community: string, account: string): Promise<boolean> {
  if ((await atGate(db, community, account)) !== 'unverified') return false;
  if (!(await setRole(db, { community, account, from: 'member', to: 'guest' }))) return false;
  await holdBack(db, community, [account]);
  return true;
}

async function setRole(
  db: Db,
  { community, account, from, to }: { community: string; account: string; from: Role; to: Role },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('members')
    .set({ role: to })
    .where('community_id', '=', community)
    .where('account_id', '=', account)
    .where('role', '=', from)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Rows of one statement: SQLite takes 32,766 values. https://sqlite.org/limits.html#max_variable_number */
const ROWS = 10_000;

async function holdBack(db: Db, community: string, accounts: string[]): Promise<void> {
  for (let from = 0; from < accounts.length; from += ROWS)
    await db
      .insertInto('behind_gate')
      .values(accounts.slice(from, from + ROWS).map((account) => ({ community_id: community, account_id: account })))
      .onConflict((conflict) => conflict.columns(['community_id', 'account_id']).doNothing())
      .execute();
}

function toGate(row: Selectable<Schema['verify_settings']>): GateSettings {
  return {
    on: row.on_at !== null,
    mode: row.mode as GateSettings['mode'],
    neutral: row.neutral === 1,
    nickname: row.nickname,
    linkMinutes: row.link_minutes,
    second: row.second as GateSettings['second'],
    welcome: JSON.parse(row.welcome) as GateSettings['welcome'],
    roles: JSON.parse(row.roles) as GateSettings['roles'],
    version: row.version,
  };
}
