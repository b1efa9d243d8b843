import type { SpacePort } from '#http/hall.ts';
import type { Site } from '#parts/site.ts';
import { askToConnect, connectSpace } from '#spaces/connect-space.ts';
import { addApplication, OPERATORS_APPLICATION } from '#spaces/add-application.ts';
import { removeApplication } from '#spaces/remove-application.ts';
import { giveBack } from '#spaces/give-back.ts';
import { seeMappings, setMappings } from '#spaces/map-roles.ts';
import { seePlatforms, seeSpaces } from '#spaces/see-spaces.ts';
import type { PlatformNow, SpaceParts } from '#spaces/spaces.ts';
import { actsOf } from '#core/feature.ts';
import type { Connect } from '#bot/connect-command.ts';
import { readFact } from '#storage/instance.ts';
import type { PartHealth } from '#storage/processes.ts';
import { listApps, type PlatformApp } from '#storage/platform-apps.ts';
import { checkOwnApplication } from '#connectors/discord/check.ts';
import { inviteLink } from '#connectors/discord/invite.ts';

/** The places of communities, for HTTP. `here`: the platforms that run in this process. */
export function spacePort(site: Site, here: () => readonly PartHealth[]): SpacePort {
  const parts = partsOf(site, here);
  const acts = actsOf(site.features);
  const ask = (token: string) => checkOwnApplication({ token, apiUrl: site.config.DISCORD_API_URL });
  const invited = (app: PlatformApp) => ({ ...app, invite: inviteLink(app.platformId, acts) });
  return {
    list: (community, page) => seeSpaces(parts, community, page),
    platforms: async () => {
      const discord = await discordInvite(site);
      return seePlatforms(parts).map((one) =>
        one.platform === 'discord' && discord !== undefined ? { ...one, invite: discord } : one,
      );
    },
    askToConnect: (asked) => askToConnect(parts, asked),
    applications: async (community) => (await listApps(site.storage.db, community)).map(invited),
    addApplication: async (asked) => invited(await addApplication({ ...parts, vault: site.vault, ask }, asked)),
    removeApplication: (asked) => removeApplication(parts, asked),
    giveBack: (asked) => giveBack(parts, asked),
    mappings: (community) => seeMappings(parts, community),
    setMappings: (asked) => setMappings(parts, asked),
  };
}

/** What the command `connect` does. */
export function connecting({ storage, clock, rates }: Pick<Site, 'storage' | 'clock' | 'rates'>): Connect {
  const parts = { storage, clock, rates, health: () => undefined };
  return async ({ from, place, who }, typed) => {
    const { platform, account: identity } = from;
    const typist = { platform, place, identity, platformRoles: who.platformRoles ?? [] };
    return (await connectSpace(parts, typist, typed)).community;
  };
}

function partsOf({ storage, clock, rates, others }: Site, here: () => readonly PartHealth[]): SpaceParts {
  return { storage, clock, rates, health: (platform) => now([...here(), ...elsewhere(others())], platform) };
}

function elsewhere(others: ReturnType<Site['others']>): PartHealth[] {
  return others.flatMap(({ health }) => health);
}

/** As the process has it that holds the connection. */
function now(all: readonly PartHealth[], platform: string): PlatformNow | undefined {
  const parts = all.filter(({ name }) => name === platform);
  return parts.find(({ state }) => state === 'up') ?? parts.find(({ state }) => state !== 'standby') ?? parts[0];
}

async function discordInvite({ storage, features }: Site): Promise<string | undefined> {
  const app = await readFact(storage.db, OPERATORS_APPLICATION);
  return app === undefined ? undefined : inviteLink(app, actsOf(features));
}
