/** A member's role in a community, from least to most. */
export const ROLES = ['guest', 'member', 'moderator', 'admin', 'owner'] as const;
export type Role = (typeof ROLES)[number];

export function atLeast(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

export function higherOf(role: Role, other: Role | undefined): Role {
  return other !== undefined && atLeast(other, role) ? other : role;
}
