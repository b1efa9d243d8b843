import type { Vault } from '#clients/vault.ts';
import { APPLICATION_PURPOSE } from '#contracts/vault.ts';
import { readSealed } from '#contracts/sealed.ts';
import { conflict, notReady } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { record } from '#storage/audit.ts';
import { inTurn } from '#storage/in-turn.ts';
import { readFact } from '#storage/instance.ts';
import { findApp, listApps, putApp, type PlatformApp } from '#storage/platform-apps.ts';
import { putSecret } from '#storage/secrets.ts';
import type { Tx } from '#storage/storage.ts';
import type { SpaceParts } from './spaces.ts';

export interface ApplicationParts extends SpaceParts {
  vault: Pick<Vault, 'seal'>;
  /** Asks Discord whose token it is. */
  ask(token: string): Promise<AskedApplication>;
}

/** `refused`: Discord does not take the token; else it could not be asked. */
export type AskedApplication = { ok: true; appId: string; name: string } | { ok: false; why: string; refused: boolean };

/** The fact that Discord's connector leaves: which application the operator's is. */
export const OPERATORS_APPLICATION = 'connector.discord.app';

/**
 * A community's own Discord application, by its bot's token: Discord is asked once whose it is, and it is sealed then. The
 * same application's new token takes the place of the one before.
 */
export async function addApplication(
  parts: ApplicationParts,
  { community, by, token }: { community: string; by: string; token: string },
): Promise<PlatformApp> {
  if (!parts.health(PLATFORM)) throw conflict('platform-off', WORDS.off);
  const asked = await parts.ask(token);
  if (!asked.ok)
    throw asked.refused ? conflict('token-refused', asked.why) : notReady('platform-unreachable', asked.why);
  const name = { owner: community, purpose: APPLICATION_PURPOSE };
  const sealed = await parts.vault.seal(token, name);
  const key = readSealed(sealed)?.key;
  if (key === undefined) throw new Error('the vault’s client gives what is sealed');
  return parts.storage.write(async (tx) => {
    await inTurn(tx.db, 'applications');
    const at = parts.clock();
    const known = await needFree(tx, community, asked.appId);
    const app: PlatformApp = {
      ...(known ?? { id: newId('app', at), community, createdBy: by, createdAt: at }),
      platform: PLATFORM,
      platformId: asked.appId,
      name: asked.name,
      state: 'waiting',
      why: null,
    };
    await putApp(tx.db, app);
    await putSecret(tx.db, { ...name, sealed, key, at });
    const detail = JSON.stringify({ platform: PLATFORM, application: asked.appId });
    await record(tx.db, { community, account: by, action: 'app.add', subject: app.id, detail, at });
    return app;
  });
}

const PLATFORM = 'discord';

/** The community's own of before, where it is the same. */
async function needFree({ db }: Tx, community: string, platformId: string): Promise<PlatformApp | undefined> {
  if ((await readFact(db, OPERATORS_APPLICATION)) === platformId)
    throw conflict('operators-application', WORDS.operators);
  const known = await findApp(db, { platform: PLATFORM, platformId });
  if (known && known.community !== community) throw conflict('application-taken', WORDS.taken);
  const own = (await listApps(db, community)).find(({ platform }) => platform === PLATFORM);
  if (own && own.platformId !== platformId) throw conflict('application-there', WORDS.there(own.name));
  return known;
}

const WORDS = {
  off: 'No process of this hall serves Discord now. The operator has to set it up first: docs/discord.md says how.',
  operators: 'This is the token of the operator’s own application, which serves all communities already.',
  taken: 'Another community of this hall has this application. It has to be taken away there first.',
  there: (name: string) => `The community has the application ${name} already. Take it away first.`,
};
