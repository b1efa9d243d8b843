import { readSealed } from '#contracts/sealed.ts';
import { TOTP_PURPOSE } from '#contracts/vault.ts';
import { AppError } from '#core/errors.ts';
import type { Seeds } from '#core/second-factor.ts';
import { findSecret } from '#storage/secrets.ts';
import type { SecretParts } from './secrets.ts';

/** The seeds of second factors: sealed like every secret, and only the vault can look whether a code is right. */
export function seedsOf({ storage, vault }: SecretParts): Seeds {
  return {
    async seal(account, seed) {
      const sealed = await vault.seal(seed, { owner: account, purpose: TOTP_PURPOSE });
      return { owner: account, purpose: TOTP_PURPOSE, sealed, key: readSealed(sealed)?.key ?? '' };
    },
    async stepOf(account, code, after) {
      const name = { owner: account, purpose: TOTP_PURPOSE };
      const row = await findSecret(storage.db, name);
      if (!row) throw lost();
      return vault.totp({ ...name, sealed: row.sealed }, code, after);
    },
  };
}

function lost(): AppError {
  const detail = 'The seed of this second factor is not here any more. Use a recovery code, or ask the operator.';
  return new AppError({ status: 409, code: 'cannot-open', detail });
}
