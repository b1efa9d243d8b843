import { readSealed } from '#contracts/sealed.ts';
import { AppError, conflict } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import type { SecretName } from '#core/secret.ts';
import { inTurn } from '#storage/in-turn.ts';
import { countOthers, deleteSecret, putSecret } from '#storage/secrets.ts';
import type { Tx } from '#storage/storage.ts';
import { ownersOf } from './owners.ts';
import { recordAct } from './record-act.ts';
import type { SecretParts } from './secrets.ts';

/** Seals what was typed and keeps it. The value goes to the vault's public key and nowhere else. */
export async function keepValue(parts: SecretParts, asked: { name: SecretName; value: string; by: string }) {
  const { name, by } = asked;
  const sealed = await parts.vault.seal(asked.value, name);
  await keepSealed(parts, { name, sealed, by });
}

/** Keeps what was sealed elsewhere, in the place of the one before. 409 `too-many-secrets`. */
export async function keepSealed(
  { storage, clock }: SecretParts,
  { name, sealed, by }: { name: SecretName; sealed: string; by: string },
): Promise<void> {
  const read = readSealed(sealed);
  if (!read) throw notSealed();
  await storage.write(async (tx) => {
    await needPlace(tx, name);
    const at = clock();
    const [, ...others] = await ownersOf(tx.db, name.owner);
    for (const owner of others) await deleteSecret(tx.db, { ...name, owner });
    await putSecret(tx.db, { ...name, sealed, key: read.key, at });
    await recordAct(tx.db, { act: 'set', name, by, at });
  });
}

/** Two that come at once may not both take the last place. */
async function needPlace(tx: Tx, name: SecretName): Promise<void> {
  await inTurn(tx.db, `secrets of ${name.owner}`);
  if ((await countOthers(tx.db, name)) < LIMITS.secretsPerOwner) return;
  throw conflict(
    'too-many-secrets',
    `There are ${LIMITS.secretsPerOwner} secrets already, and there is place for no more. Forget one that is not needed.`,
  );
}

/** Only a bug of ours sends something else here, and it must not be quoted: it may be the secret itself. */
function notSealed(): AppError {
  return new AppError({
    status: 500,
    code: 'not-sealed',
    detail: 'This was not sealed on its way here. Nothing was kept. It has been written down.',
    fault: 'ours',
  });
}
