import type { Vault } from '#clients/vault.ts';
import type { Clock } from '#core/clock.ts';
import type { Secrets, SecretUses } from '#core/secret.ts';
import type { Storage } from '#storage/storage.ts';
import { callWith } from './call-with.ts';
import { checkSecret } from './check-secret.ts';
import { forgetSecret } from './forget-secret.ts';
import { listOwned } from './list-owned.ts';
import { keepSealed, keepValue } from './keep-secret.ts';
import { findOwned } from './owners.ts';

/** What every act with secrets needs. */
export interface SecretParts {
  storage: Storage;
  vault: Vault;
  clock: Clock;
}

/** The secrets of people and communities, for HTTP. Listing and forgetting need no vault. */
export function secretsOf(parts: SecretParts): Secrets {
  return {
    set: (name, value, by) => keepValue(parts, { name, value, by }),
    list: (owner) => listOwned(parts, owner),
    check: (name, by) => checkSecret(parts, name, by),
    forget: (name, by) => forgetSecret(parts, name, by),
    health: () => parts.vault.health(),
  };
}

/** The same secrets for features. */
export function secretUses(parts: SecretParts): SecretUses {
  return {
    keep: (name, sealed) => keepSealed(parts, { name, sealed, by: name.owner }),
    has: async (name) => (await findOwned(parts.storage.db, name)) !== undefined,
    call: (name, asked, signal) => callWith(parts, { name, asked, signal }),
  };
}
