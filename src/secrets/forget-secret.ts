import { unknown } from '#core/errors.ts';
import type { SecretName } from '#core/secret.ts';
import { deleteSecret } from '#storage/secrets.ts';
import { ownersOf } from './owners.ts';
import { recordAct } from './record-act.ts';
import type { SecretParts } from './secrets.ts';

/** 404 where there is none. */
export async function forgetSecret(
  { storage, clock }: Omit<SecretParts, 'vault'>,
  name: SecretName,
  by: string,
): Promise<void> {
  await storage.write(async (tx) => {
    let found = false;
    for (const owner of await ownersOf(tx.db, name.owner))
      found = (await deleteSecret(tx.db, { ...name, owner })) || found;
    if (!found) throw unknown('secret');
    await recordAct(tx.db, { act: 'forget', name, by, at: clock() });
  });
}
