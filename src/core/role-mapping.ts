import { higherOf, type Role } from './roles.ts';

/** What a role on a platform is worth in a community. */
export interface RoleMapping {
  platform: string;
  /** The platform's id of it, or a name that it has in `DEFAULT_ROLES`. */
  platformRole: string;
  role: Role;
}

/** What platforms' own roles are worth where a community says nothing else. `everyone`: whoever may speak there. */
export const DEFAULT_ROLES: Readonly<Record<string, Readonly<Record<string, Role>>>> = {
  discord: { owner: 'owner', administrator: 'admin', moderator: 'moderator', everyone: 'member' },
  slack: { owner: 'owner', admin: 'admin', everyone: 'member', stranger: 'guest' },
  twitch: { broadcaster: 'owner', moderator: 'moderator', everyone: 'member' },
};

/** Somebody who speaks on a platform, as far as their role goes. */
export interface Standing {
  platform: string;
  /** The platform's words for what they are there, `everyone` left out; a `stranger` is not one of everyone. */
  platformRoles: readonly string[];
}

/** The role that somebody has by what they are on the platform. The community's own table goes before the defaults. */
export function mappedRole({ platform, platformRoles }: Standing, mappings: readonly RoleMapping[] = []): Role {
  const worth = (name: string): Role | undefined =>
    mappings.find((one) => one.platform === platform && one.platformRole === name)?.role ??
    DEFAULT_ROLES[platform]?.[name];
  const base = platformRoles.includes(STRANGER) ? STRANGER : EVERYONE;
  const others = platformRoles.filter((name) => name !== STRANGER);
  return others.map(worth).reduce<Role>(higherOf, worth(base) ?? 'guest');
}

const EVERYONE = 'everyone';
const STRANGER = 'stranger';

export interface Known extends Standing {
  /** The table of the community that the place belongs to. */
  mappings: readonly RoleMapping[];
  /** Whoever looks after the place gave it to the community. Where it came by itself, its roles are theirs and not ours. */
  trusted: boolean;
  /** The role of the account that the identity is linked to, in this community. */
  membership: Role | undefined;
}

/** THE role of somebody who speaks on a platform: the higher of what they are there and what their account is here. */
export function roleOf({ mappings, trusted, membership, ...standing }: Known): Role {
  const there = mappedRole(standing, mappings);
  const lent = trusted || there === 'guest' ? there : 'member';
  return higherOf(lent, membership);
}
