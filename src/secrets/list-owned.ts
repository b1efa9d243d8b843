import type { Vault } from '#clients/vault.ts';
import { keyIds } from '#contracts/vault.ts';
import { SEED_PURPOSE, type SecretFacts } from '#core/secret.ts';
import { listSecrets } from '#storage/secrets.ts';
import { ownersOf } from './owners.ts';
import type { SecretParts } from './secrets.ts';

/** What is told of an owner's secrets, and of which the vault has lost the key. Needs no vault for all the rest. */
export async function listOwned({ storage, vault }: SecretParts, owner: string): Promise<SecretFacts[]> {
  const rows = (await rowsOf(storage.db, owner)).filter(({ purpose }) => purpose !== SEED_PURPOSE);
  const known = rows.length > 0 ? await keysOf(vault) : undefined;
  return rows.map(({ key, ...facts }) => (known && !known.has(key) ? { ...facts, lost: true } : facts));
}

/** Of several for one purpose the one that counts. */
async function rowsOf(db: SecretParts['storage']['db'], owner: string): ReturnType<typeof listSecrets> {
  const owners = await ownersOf(db, owner);
  const all = (await Promise.all(owners.map((one) => listSecrets(db, one)))).flat();
  const first = all.filter(({ purpose }, at) => all.findIndex((one) => one.purpose === purpose) === at);
  return first.toSorted((a, b) => (a.purpose < b.purpose ? -1 : 1));
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
