import { APPLICATION_PURPOSE } from '#contracts/vault.ts';
import { unknown } from '#core/errors.ts';
import { record } from '#storage/audit.ts';
import { inTurn } from '#storage/in-turn.ts';
import { deleteApp, listApps } from '#storage/platform-apps.ts';
import { deleteSecret } from '#storage/secrets.ts';
import type { SpaceParts } from './spaces.ts';

/** Takes an application away and forgets its token; its connector ends the connection at its next look. */
export async function removeApplication(
  { storage, clock }: SpaceParts,
  { community, by, app: id }: { community: string; by: string; app: string },
): Promise<void> {
  await storage.write(async (tx) => {
    await inTurn(tx.db, 'applications');
    const app = (await listApps(tx.db, community)).find((one) => one.id === id);
    if (!app) throw unknown('app');
    const at = clock();
    await deleteApp(tx.db, id, at);
    await deleteSecret(tx.db, { owner: community, purpose: APPLICATION_PURPOSE });
    const detail = JSON.stringify({ platform: app.platform, application: app.platformId });
    await record(tx.db, { community, account: by, action: 'app.remove', subject: id, detail, at });
  });
}
