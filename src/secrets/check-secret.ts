import { AppError, unknown } from '#core/errors.ts';
import type { SecretName } from '#core/secret.ts';
import { noteUse } from '#storage/secrets.ts';
import { findOwned } from './owners.ts';
import { recordAct } from './record-act.ts';
import type { SecretParts } from './secrets.ts';

/** Asks the vault whether it can open it. 404, 409 `cannot-open`, 503 `vault-away`. */
export async function checkSecret(parts: SecretParts, name: SecretName, by: string): Promise<void> {
  const { storage, vault, clock } = parts;
  const row = await findOwned(storage.db, name);
  if (!row) throw unknown('secret');
  const refusal = await refusalOf(vault.check({ owner: row.owner, purpose: row.purpose, sealed: row.sealed }));
  await storage.write(async (tx) => {
    const at = clock();
    if (!refusal) await noteUse(tx.db, row, { by: 'check', at });
    await recordAct(tx.db, { act: 'check', name, by, at, ...(refusal && { detail: refusal.code }) });
  });
  if (refusal) throw refusal;
}

/** What the vault says of the secret itself. That it could not be asked says nothing of it, and goes up. */
async function refusalOf(asked: Promise<void>): Promise<AppError | undefined> {
  try {
    await asked;
    return undefined;
  } catch (error) {
    if (error instanceof AppError && error.code === 'cannot-open') return error;
    throw error;
  }
}
