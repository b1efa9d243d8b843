import type { Kysely, Selectable } from 'kysely';
import type { Role } from '#core/roles.ts';
import { hot } from './hot.ts';
import type { Schema } from './schema.ts';

type Db = Kysely<Schema>;

/** A person of a platform, in the platform's own words; or whom the issuer of a sign-in knows. */
export interface IdentityKey {
  platform: string;
  platformId: string;
}

/** An account's name elsewhere. */
export interface Identity extends IdentityKey {
  account: string;
  /** How the person was called there when it was linked. */
  name: string;
  proof: 'code' | 'oauth';
  linkedAt: number;
}

/** The account's identities, the first one linked first. */
export async function listIdentities(db: Db, account: string): Promise<Identity[]> {
  const rows = await db
    .selectFrom('identities')
    .selectAll()
    .where('account_id', '=', account)
    .orderBy('linked_at')
    .orderBy('platform')
    .orderBy('platform_id')
    .execute();
  return rows.map(toIdentity);
}

export async function findIdentity(db: Db, { platform, platformId }: IdentityKey): Promise<Identity | undefined> {
  const row = await db
    .selectFrom('identities')
    .selectAll()
    .where('platform', '=', platform)
    .where('platform_id', '=', platformId)
    .executeTakeFirst();
  return row && toIdentity(row);
}

/** False where somebody has it already. Of two that come at once the second waits for the first one's commit. */
export async function insertIdentity(db: Db, linked: Identity): Promise<boolean> {
  const { platform, platformId, account, name, proof, linkedAt } = linked;
  const rows = await db
    .insertInto('identities')
    .values({ platform, platform_id: platformId, account_id: account, name, proof, linked_at: linkedAt })
    .onConflict((conflict) => conflict.columns(['platform', 'platform_id']).doNothing())
    .returning('platform')
    .execute();
  return rows.length > 0;
}

/** False where the account has no such identity. */
export async function deleteIdentity(
  db: Db,
  { account, platform, platformId }: IdentityKey & { account: string },
): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('identities')
    .where('platform', '=', platform)
    .where('platform_id', '=', platformId)
    .where('account_id', '=', account)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** The account of somebody who speaks on a platform, and its role in the community. */
export interface Speaker {
  account: string;
  disabled: boolean;
  /** Undefined where the account is no member there. */
  role: Role | undefined;
}

/** Who that is here; undefined where the identity is linked to no account. */
export async function findSpeaker(
  db: Db,
  { platform, platformId, community }: IdentityKey & { community: string },
): Promise<Speaker | undefined> {
  const [row] = await selectSpeaker(db, community, platform, platformId);
  return row && { account: row.id, disabled: row.disabled_at !== null, role: (row.role as Role | null) ?? undefined };
}

type SpeakerRow = { id: string; disabled_at: number | null; role: string | null };

const selectSpeaker = hot<[community: string, platform: string, platformId: string], SpeakerRow>(
  3,
  (db, [community, platform, platformId]) =>
    db
      .selectFrom('identities')
      .innerJoin('accounts', 'accounts.id', 'identities.account_id')
      .leftJoin('members', (join) =>
        join.onRef('members.account_id', '=', 'accounts.id').on('members.community_id', '=', community),
      )
      .select(['accounts.id', 'accounts.disabled_at', 'members.role'])
      .where('identities.platform', '=', platform)
      .where('identities.platform_id', '=', platformId),
);

function toIdentity(row: Selectable<Schema['identities']>): Identity {
  const { platform, name } = row;
  const proof = row.proof as Identity['proof'];
  return { platform, platformId: row.platform_id, account: row.account_id, name, proof, linkedAt: row.linked_at };
}
