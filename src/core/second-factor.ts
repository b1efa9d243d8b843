import type { SecretName } from './secret.ts';

/** The sealed seeds of second factors. Both throw what the vault throws: 503 `vault-away`, 429, 409 `cannot-open`. */
export interface Seeds {
  /** Seals a seed, in base 32, as a row to keep. */
  seal(account: string, seed: string): Promise<SecretName & { sealed: string; key: string }>;
  /** The time step that a code is of; undefined where it is wrong, or not newer than `after`. */
  stepOf(account: string, code: string, after: number): Promise<number | undefined>;
}
