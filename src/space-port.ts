import type { SpacePort } from '#http/hall.ts';
import type { Site } from '#parts/site.ts';
import { askToConnect, connectSpace } from '#spaces/connect-space.ts';
import { addApplication, OPERATORS_APPLICATION } from '#spaces/add-application.ts';
import { addWorkspace, beginAdding, begunFor, cameBack, type WorkspaceParts } from '#spaces/add-workspace.ts';
import { removeApplication } from '#spaces/remove-application.ts';
import { slackInstaller, type SlackInstaller } from '#spaces/slack-install.external.ts';
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
import { SCOPES } from '#connectors/slack/slack.external.ts';

/** The places of communities, for HTTP. `here`: the platforms that run in this process. */
export function spacePort(site: Site, here: () => readonly PartHealth[]): SpacePort {
  const parts = partsOf(site, here);
  const acts = actsOf(site.features);
  const slack: WorkspaceParts = { ...parts, vault: site.vault, slack: installerOf(site) };
  const ask = (token: string) => checkOwnApplication({ token, apiUrl: site.config.DISCORD_API_URL });
  const invited = (app: PlatformApp) =>
    app.platform === 'discord' ? { ...app, invite: inviteLink(app.platformId, acts) } : app;
  return {
    list: (community, page) => seeSpaces(parts, community, page),
    platforms: async () => {
      const discord = await discordInvite(site);
      const more: Record<string, { invite?: string; adds?: boolean }> = {
        discord: discord === undefined ? {} : { invite: discord },
        slack: slack.slack ? { adds: true } : {},
      };
      return seePlatforms(parts).map((one) => ({ ...one, ...more[one.platform] }));
    },
    askToConnect: (asked) => askToConnect(parts, asked),
    applications: async (community) => (await listApps(site.storage.db, community)).map(invited),
    addApplication: async (asked) => invited(await addApplication({ ...parts, vault: site.vault, ask }, asked)),
    removeApplication: (asked) => removeApplication(parts, asked),
    slack: {
      isSetUp: slack.slack !== undefined,
      begin: (asked) => beginAdding(slack, asked),
      back: (came) => cameBack(slack, came),
      begunFor,
      add: (asked) => addWorkspace(slack, asked),
    },
    giveBack: (asked) => giveBack(parts, asked),
    mappings: (community) => seeMappings(parts, community),
    setMappings: (asked) => setMappings(parts, asked),
  };
}

function installerOf({ config }: Site): SlackInstaller | undefined {
  const { SLACK_CLIENT_ID: clientId, SLACK_CLIENT_SECRET: clientSecret, SLACK_API_URL: apiUrl } = config;
  if (clientId === undefined || clientSecret === undefined) return undefined;
  return slackInstaller({ clientId, clientSecret, apiUrl, scopes: SCOPES });
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
