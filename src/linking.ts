import { unlinkIdentity } from '#auth/identities.ts';
import { codeForAccount, codeForPerson, typedHere, typedThere } from '#auth/link-codes.ts';
import type { CodeParts } from '#auth/one-time-codes.ts';
import type { Linking } from '#bot/link-command.ts';
import type { LinkingPort } from '#http/hall.ts';
import type { Part, Site } from '#parts/site.ts';

/** What the bot needs to link people's names on platforms with their accounts. */
export function linkingOf(parts: CodeParts, publicUrl: string | undefined): Linking {
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
export function linkingPort(served: () => ReadonlySet<string>): LinkingPort {
  return {
    ways() {
      const there = served();
      return PLATFORMS.map((platform) => ({ platform, code: there.has(platform), oauth: false }));
    },
  };
}

const PLATFORMS = ['discord', 'slack', 'twitch'];

/** Platforms that this process, or another one, is connected to. */
export function platformsServed(site: Site, here: Pick<Part, 'health'>): ReadonlySet<string> {
  const elsewhere = site.others().flatMap(({ health }) => health);
  return new Set([...here.health(), ...elsewhere].map(({ name }) => name));
}
