import { badRequest, refused, type AppError } from '#core/errors.ts';
import { DEFAULT_ROLES, type RoleMapping } from '#core/role-mapping.ts';
import { atLeast, type Role } from '#core/roles.ts';
import { record } from '#storage/audit.ts';
import { inTurn } from '#storage/in-turn.ts';
import { listMappings, replaceMappings } from '#storage/role-mappings.ts';
import { listPlaceRoles } from '#storage/spaces.ts';
import type { SpaceParts } from './spaces.ts';

/** A role there that can be given a worth here, by the name that people know. */
export interface KnownRole {
  platform: string;
  platformRole: string;
  name: string;
}

export interface SeenMappings {
  /** What the community decided. */
  mappings: RoleMapping[];
  /** What holds where it decided nothing. */
  defaults: RoleMapping[];
  /** Roles that the community's places have, as far as their platform tells. */
  known: KnownRole[];
}

/** What roles on platforms are worth in a community. */
export async function seeMappings({ storage }: Pick<SpaceParts, 'storage'>, community: string): Promise<SeenMappings> {
  const [mappings, places] = await Promise.all([
    listMappings(storage.db, community),
    listPlaceRoles(storage.db, community),
  ]);
  const known = places.flatMap(({ platform, roles }) =>
    roles.map(({ id, name }) => ({ platform, platformRole: id, name })),
  );
  return { mappings, defaults: DEFAULTS, known };
}

const DEFAULTS: RoleMapping[] = Object.entries(DEFAULT_ROLES).flatMap(([platform, roles]) =>
  Object.entries(roles).map(([platformRole, role]) => ({ platform, platformRole, role })),
);

/** Puts this table in the place of the one before. Nobody changes what is worth more than their own role, before or after. */
export async function setMappings(
  parts: Pick<SpaceParts, 'storage' | 'clock'>,
  asked: { community: string; by: string; role: Role; mappings: RoleMapping[] },
): Promise<SeenMappings> {
  const { community, by, role, mappings } = asked;
  needOnce(mappings);
  await parts.storage.write(async (tx) => {
    await inTurn(tx.db, `role mappings ${community}`);
    const before = await listMappings(tx.db, community);
    const refusal = whyNotChange(role, before, mappings);
    if (refusal) throw refusal;
    await replaceMappings(tx.db, community, mappings);
    const detail = JSON.stringify({ lines: mappings.length });
    await record(tx.db, { community, account: by, action: 'roles.map', subject: community, detail, at: parts.clock() });
  });
  return seeMappings(parts, community);
}

function needOnce(mappings: readonly RoleMapping[]): void {
  const seen = new Set<string>();
  for (const one of mappings) {
    if (seen.has(keyOf(one)))
      throw badRequest('mapped-twice', `${one.platform} ${one.platformRole} stands there twice. Nothing was changed.`);
    seen.add(keyOf(one));
  }
}

function whyNotChange(own: Role, before: readonly RoleMapping[], after: readonly RoleMapping[]): AppError | undefined {
  const keys = new Map([...before, ...after].map((one) => [keyOf(one), one]));
  for (const one of keys.values()) {
    const [was, is] = [worthOf(before, one), worthOf(after, one)];
    if (was === is) continue;
    const most = [was, is].find((role) => role !== undefined && !atLeast(own, role));
    if (most) return aboveOwn(one.platformRole, most, own);
  }
  return undefined;
}

function worthOf(mappings: readonly RoleMapping[], { platform, platformRole }: RoleMapping): Role | undefined {
  const own = mappings.find((one) => one.platform === platform && one.platformRole === platformRole);
  return own?.role ?? DEFAULT_ROLES[platform]?.[platformRole];
}

function keyOf({ platform, platformRole }: RoleMapping): string {
  return `${platform} ${platformRole}`;
}

function aboveOwn(what: string, role: Role, own: Role): AppError {
  return refused(
    'above-own-role',
    `${what} is about the role ${role}, and you are a ${own}. Nothing was changed. Somebody of that role can change it.`,
    `roles.map: nobody above their own role; ${role} and up can change it`,
  );
}
