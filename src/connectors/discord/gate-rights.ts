import type { PlaceRules } from '#core/place-gate.ts';
import type { Calls } from './calls.ts';
import { MEMBERS_INTENT, PERMISSION, type RolePayload } from './discord.external.ts';
import { permissionsOf, type Guild } from './guilds.ts';
import type { Intents } from './intents.ts';
import { PERMISSION_WORDS, TEXTS } from './texts.ts';

/** What the gate lacks in a guild, each with what to change; and the role that it gives, where there is one. */
export interface Rights {
  lacks: string[];
  role: string | undefined;
}

/** Looks before it is needed, so that nobody waits before the door for a right that is missing. */
export async function rightsIn(
  guild: Guild,
  rules: PlaceRules,
  { calls, intents }: { calls: Pick<Calls, 'member' | 'roles'>; intents: Intents },
): Promise<Rights> {
  const [me, roles] = [await calls.member(guild.id, guild.bot), await calls.roles(guild.id)];
  const bits = permissionsOf(guild, me.roles);
  const may = (right: bigint): boolean => (bits & (right | PERMISSION.ADMINISTRATOR)) !== 0n;
  const wanted = rules.role === undefined ? undefined : roleOf(roles, rules.role);
  const lacks: string[] = [];
  const lack = (isSo: boolean, words: string): void => void (isSo && lacks.push(words));
  const { deleteMessage, grantRole, setNickname } = PERMISSION_WORDS;
  const deletes = rules.mode === 'delete';
  lack(deletes && !may(PERMISSION.MANAGE_MESSAGES), TEXTS.gate.cannotDelete(deleteMessage));
  lack(deletes && !may(PERMISSION.READ_MESSAGE_HISTORY), TEXTS.gate.cannotRead);
  lack(rules.mode === 'role' && rules.role === undefined, TEXTS.gate.noRole);
  lack(rules.role !== undefined && !wanted, TEXTS.gate.roleGone(rules.role ?? ''));
  lack(wanted !== undefined && !may(PERMISSION.MANAGE_ROLES), TEXTS.gate.cannotGive(grantRole));
  lack(wanted !== undefined && !standsBelow(wanted, roles, me.roles), TEXTS.gate.roleAbove(wanted?.name ?? ''));
  lack(rules.nickname !== null && !may(PERMISSION.MANAGE_NICKNAMES), TEXTS.gate.cannotName(setNickname));
  lack((wanted !== undefined || rules.nickname !== null) && !intents.has(MEMBERS_INTENT), TEXTS.gate.noMembers);
  return { lacks, role: wanted?.id };
}

function roleOf(roles: RolePayload[], wanted: string): RolePayload | undefined {
  return roles.find(({ id }) => id === wanted) ?? roles.find(({ name }) => name === wanted);
}

/** Whether the role stands below the highest of the bot's own. */
function standsBelow(role: RolePayload, roles: RolePayload[], mine: string[]): boolean {
  const highest = Math.max(0, ...roles.filter(({ id }) => mine.includes(id)).map(({ position = 0 }) => position));
  return (role.position ?? 0) < highest && !role.managed;
}
