import { applicationPurpose } from '#contracts/vault.ts';
import { unknown } from '#core/errors.ts';
import { record } from '#storage/audit.ts';
import { inTurn } from '#storage/in-turn.ts';
import { deleteApp, getApp, listApps, type PlatformApp } from '#storage/platform-apps.ts';
import { deleteSecret } from '#storage/secrets.ts';
import type { Tx } from '#storage/storage.ts';
import type { SpaceParts } from './spaces.ts';

type Parts = Pick<SpaceParts, 'storage' | 'clock'>;

/** Takes an application away and forgets its token; its connector ends the connection at its next look. */
export async function removeApplication(
  { storage, clock }: Parts,
  { community, by, app: id }: { community: string; by: string; app: string },
): Promise<void> {
  await storage.write(async (tx) => {
    await inTurn(tx.db, 'applications');
    const app = (await listApps(tx.db, community)).find((one) => one.id === id);
    if (!app) throw unknown('app');
    await forgetApplication(tx, app, { by, at: clock() });
  });
}

/** Somebody ended it on its platform. Nothing where it is gone already, as the platform may tell it twice. */
export async function applicationEnded({ storage, clock }: Parts, id: string): Promise<void> {
  await storage.write(async (tx) => {
    await inTurn(tx.db, 'applications');
    const app = await getApp(tx.db, id);
    if (app) await forgetApplication(tx, app, { by: null, at: clock() });
  });
}

/** `by`: null where its platform said so. */
export async function forgetApplication(
  { db }: Tx,
  { id, community, platform, platformId }: PlatformApp,
  { by, at }: { by: string | null; at: number },
): Promise<void> {
  await deleteApp(db, id, at);
  await deleteSecret(db, { owner: community, purpose: applicationPurpose({ platform, platformId }) });
  const detail = JSON.stringify({ platform, application: platformId });
  await record(db, { community, account: by, action: 'app.remove', subject: id, detail, at });
}
