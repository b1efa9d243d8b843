import type { Vault } from '#clients/vault.ts';
import { keyIds } from '#contracts/vault.ts';
import { SEED_PURPOSE, type SecretFacts } from '#core/secret.ts';
import { listSecrets } from '#storage/secrets.ts';
import type { SecretParts } from './secrets.ts';

/** What is told of an owner's secrets, and of which the vault has lost the key. Needs no vault for all the rest. */
export async function listOwned({ storage, vault }: SecretParts, owner: string): Promise<SecretFacts[]> {
  const rows = (await listSecrets(storage.db, owner)).filter(({ purpose }) => purpose !== SEED_PURPOSE);
  const known = rows.length > 0 ? await keysOf(vault) : undefined;
  return rows.map(({ key, ...facts }) => (known && !known.has(key) ? { ...facts, lost: true } : facts));
}

/** ms that are waited for the vault: the list is shown without it then. */
const LOOK_MS = 1_800;

/** Undefined where it is away, or has no key at all, which is said of the vault and not of each secret. */
async function keysOf(vault: Vault): Promise<ReadonlySet<string> | undefined> {
  try {
    const status = await vault.status(AbortSignal.timeout(LOOK_MS));
    return status.state === 'ready' ? keyIds(status) : undefined;
  } catch {
    return undefined;
  }
}
