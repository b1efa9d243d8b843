import type { LinkingPort } from '#http/hall.ts';
import type { Part, Site } from '#parts/site.ts';

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
