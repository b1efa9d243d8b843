import type { SpacePort } from '#http/hall.ts';
import type { Site } from '#parts/site.ts';
import { askToConnect, connectSpace } from '#spaces/connect-space.ts';
import { giveBack } from '#spaces/give-back.ts';
import { seeMappings, setMappings } from '#spaces/map-roles.ts';
import { seePlatforms, seeSpaces } from '#spaces/see-spaces.ts';
import type { PlatformNow, SpaceParts } from '#spaces/spaces.ts';
import { actsOf } from '#core/feature.ts';
import type { Connect } from '#bot/connect-command.ts';
import { readFact } from '#storage/instance.ts';
import type { PartHealth } from '#storage/processes.ts';
import { inviteLink } from '#connectors/discord/invite.ts';

/** The places of communities, for HTTP. `here`: the platforms that run in this process. */
export function spacePort(site: Site, here: () => readonly PartHealth[]): SpacePort {
  const parts = partsOf(site, here);
  return {
    list: (community, page) => seeSpaces(parts, community, page),
    platforms: async () => {
      const discord = await discordInvite(site);
      return seePlatforms(parts).map((one) =>
        one.platform === 'discord' && discord !== undefined ? { ...one, invite: discord } : one,
      );
    },
    askToConnect: (asked) => askToConnect(parts, asked),
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

/** The fact that Discord's connector leaves: which application it is. */
const DISCORD_APP = 'connector.discord.app';

async function discordInvite({ storage, features }: Site): Promise<string | undefined> {
  const app = await readFact(storage.db, DISCORD_APP);
  return app === undefined ? undefined : inviteLink(app, actsOf(features));
}
