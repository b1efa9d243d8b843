import { readSealed, seal } from '#contracts/sealed.ts';
import type { Vault } from '#clients/vault.ts';
import { AppError } from '#core/errors.ts';
import { openKeys, type Keys } from '#vault/keys.ts';
import { totpChecker } from '#vault/totp.ts';

/** The vault's own keys without the process around them, for tests of what is built on it. */
export interface VaultInHand extends Vault {
  keys: Keys;
  /** What the sealed text holds: no vault tells that, so it is asked of the keys. */
  opened(secret: { sealed: string; owner: string; purpose: string }): Promise<string>;
  /** Ids of the keys that open now without being retired: of the current one and of the next. */
  good(): string[];
}

export async function vaultInHand(folder: string): Promise<VaultInHand> {
  const keys = await openKeys(folder);
  const totp = totpChecker({ keys, audit: () => undefined, clock: Date.now });
  return {
    keys,
    opened: async (secret) => Buffer.from(await keys.open(secret)).toString(),
    good() {
      const { current, next } = keys.status();
      return [current, next].filter((id) => id !== undefined);
    },
    seal: (value, belonging) => seal(keys.publicKey(), new TextEncoder().encode(value), belonging),
    check: async (secret) => void (await keys.open(secret).catch(cannotOpen)),
    call: async () => ({ status: 200, contentType: 'application/json', body: '{}' }),
    lease: () => Promise.reject(new Error('there is nothing to lease here')),
    totp: async (seed, code, after) => (await totp({ ...seed, purpose: 'totp', code, after }, 'all')).step ?? undefined,
    reseal: async (secrets) => (await keys.reseal(secrets)).map((sealed) => sealed ?? undefined),
    rotation: (asked) => (asked.step === 'begin' ? keys.begin() : keys.end(asked.next)),
    status: async () => keys.status(),
    health: async () => ({ state: keys.status().state }),
    close: async () => keys.close(),
  };
}

/** The key that has to open it, by the text itself. */
export function keyOf(sealed: string): string | undefined {
  return readSealed(sealed)?.key;
}

function cannotOpen(): never {
  throw new AppError({ status: 409, code: 'cannot-open', detail: 'The vault cannot open this.' });
}
