import type { Kysely } from 'kysely';
import type { SecretName } from '#core/secret.ts';
import { listIdentities } from '#storage/identities.ts';
import type { Schema } from '#storage/schema.ts';
import { findSecret, type FoundSecret } from '#storage/secrets.ts';

type Db = Kysely<Schema>;

/**
 * Under whom an owner's secrets stand: an account's under itself, and under the people on platforms that it is linked to, who
 * may have entrusted some before. Each stays where it was sealed, since it opens there alone. The account's own come first.
 */
export async function ownersOf(db: Db, owner: string): Promise<string[]> {
  if (!owner.startsWith('acct_')) return [owner];
  const linked = await listIdentities(db, owner);
  return [owner, ...linked.map(({ platform, platformId }) => `${platform}:${platformId}`)];
}

/** The row that counts for this owner and purpose. */
export async function findOwned(db: Db, { owner, purpose }: SecretName): Promise<FoundSecret | undefined> {
  const own = await findSecret(db, { owner, purpose });
  if (own || !owner.startsWith('acct_')) return own;
  for (const other of (await ownersOf(db, owner)).slice(1)) {
    const found = await findSecret(db, { owner: other, purpose });
    if (found) return found;
  }
  return undefined;
}
