import { unlinkIdentity } from '#auth/identities.ts';
import { discordProver } from '#auth/discord.external.ts';
import type { Prover, ProverApp } from '#auth/proof.ts';
import { slackProver } from '#auth/slack.external.ts';
import { twitchProver } from '#auth/twitch.external.ts';
import type { Config } from './config.ts';
import { codeForAccount, codeForPerson, typedHere, typedThere, type LinkParts } from '#auth/link-codes.ts';
import type { Linking } from '#bot/link-command.ts';
import type { LinkingPort } from '#http/hall.ts';
import type { Part, Site } from '#parts/site.ts';

/** What the bot needs to link people's names on platforms with their accounts. */
export function linkingOf(parts: LinkParts, publicUrl: string | undefined): Linking {
  return {
    page: publicUrl === undefined ? undefined : `${publicUrl}/me`,
    codeForAccount: async (account) => (await codeForAccount(parts, account)).code,
    codeForPerson: async (person) => (await codeForPerson(parts, person)).code,
    typedHere: async (account, code) => (await typedHere(parts, account, code)).identity,
    typedThere: async (person, code) => (await typedThere(parts, person, code)).account,
    leave: ({ platform, platformId }, account) => unlinkIdentity(parts, { account, platform, platformId }),
  };
}

/** By what ways people can link their names on platforms here. */
export function linkingPort(config: Config, served: () => ReadonlySet<string>): LinkingPort {
  const all = provers(config);
  return {
    ways() {
      const there = served();
      return PLATFORMS.map((platform) => ({ platform, code: there.has(platform), oauth: all.has(platform) }));
    },
    prover: (platform) => all.get(platform),
  };
}

/** Platforms that can be asked who somebody is there: those with an application's id and secret. */
function provers(config: Config): ReadonlyMap<string, Prover> {
  const { DISCORD_API_URL, SLACK_API_URL, TWITCH_AUTH_URL } = config;
  const discord = app(config.DISCORD_CLIENT_ID, config.DISCORD_CLIENT_SECRET);
  const slack = app(config.SLACK_CLIENT_ID, config.SLACK_CLIENT_SECRET);
  const twitch = app(config.TWITCH_CLIENT_ID, config.TWITCH_CLIENT_SECRET);
  const some = [
    discord && discordProver({ ...discord, apiUrl: DISCORD_API_URL }),
    slack && slackProver({ ...slack, apiUrl: SLACK_API_URL }),
    twitch && twitchProver({ ...twitch, authUrl: TWITCH_AUTH_URL }),
  ];
  return new Map(some.flatMap((one) => (one ? [[one.platform, one]] : [])));
}

function app(clientId: string | undefined, clientSecret: string | undefined): ProverApp | undefined {
  return clientId !== undefined && clientSecret !== undefined ? { clientId, clientSecret } : undefined;
}

const PLATFORMS = ['discord', 'slack', 'twitch'];

/** Platforms that this process, or another one, is connected to. */
export function platformsServed(site: Site, here: Pick<Part, 'health'>): ReadonlySet<string> {
  const elsewhere = site.others().flatMap(({ health }) => health);
  return new Set([...here.health(), ...elsewhere].map(({ name }) => name));
}
