import { guildFor, needAbove, needInGuild } from './bot-may.ts';
import { tellOfMember } from './changes.ts';
import { INTENTS } from './intents.ts';
import { may, type Permission, permissionsOf, rankOf } from './permissions.ts';
import type { Platform } from './platform.ts';
import { problems, refuseForm, wrong } from './problems.ts';
import type { Asked, Reply, Route } from './routes.ts';
import { channelWire, fullMember, guildWire, roleWire } from './wire.ts';
import { type Guild, type Json, type Member, type Role, THREAD } from './world.ts';

/** Guilds, their members and roles. */
export const guildRoutes: Route[] = [
  { method: 'GET', path: '/guilds/:guild', answer: getGuild },
  { method: 'GET', path: '/guilds/:guild/channels', answer: getChannels },
  { method: 'GET', path: '/guilds/:guild/threads/active', answer: getThreads },
  { method: 'GET', path: '/guilds/:guild/roles', answer: getRoles },
  { method: 'GET', path: '/guilds/:guild/members', answer: getMembers },
  { method: 'GET', path: '/guilds/:guild/members/:user', answer: getMember },
  { method: 'PATCH', path: '/guilds/:guild/members/@me', answer: patchMe },
  { method: 'PATCH', path: '/guilds/:guild/members/:user', answer: patchMember },
  { method: 'PUT', path: '/guilds/:guild/members/:user/roles/:role', answer: (asked) => setRole(asked, true) },
  { method: 'DELETE', path: '/guilds/:guild/members/:user/roles/:role', answer: (asked) => setRole(asked, false) },
];

function getGuild({ platform, params, query }: Asked): Reply {
  const guild = guildFor(platform, params.guild);
  const counts = query.get('with_counts') === 'true' ? { approximate_member_count: guild.members.size } : {};
  return { status: 200, body: { ...guildWire(guild), ...counts } };
}

function getChannels({ platform, params }: Asked): Reply {
  const all = [...guildFor(platform, params.guild).channels.values()];
  return { status: 200, body: all.filter((one) => one.type !== THREAD).map(channelWire) };
}

/** https://discord.com/developers/docs/resources/guild#list-active-guild-threads */
function getThreads({ platform, params }: Asked): Reply {
  const all = [...guildFor(platform, params.guild).channels.values()];
  return { status: 200, body: { threads: all.filter((one) => one.type === THREAD).map(channelWire), members: [] } };
}

function getRoles({ platform, params }: Asked): Reply {
  return { status: 200, body: [...guildFor(platform, params.guild).roles.values()].map(roleWire) };
}

/** Needs the members intent: https://discord.com/developers/docs/resources/guild#list-guild-members */
function getMembers({ platform, params, query }: Asked): Reply {
  const guild = guildFor(platform, params.guild);
  if (!(platform.settings.privileged & INTENTS.members)) throw problems.missingAccess();
  const limit = Number(query.get('limit') ?? 1);
  if (!(limit >= 1 && limit <= 1_000)) refuseForm([wrong.because('NUMBER_TYPE_MAX', 'Use 1 to 1000.', 'limit')]);
  const after = BigInt(query.get('after') ?? 0);
  const all = [...guild.members.values()].filter((one) => BigInt(one.user.id) > after);
  const inOrder = all.toSorted((a, b) => (BigInt(a.user.id) < BigInt(b.user.id) ? -1 : 1));
  return { status: 200, body: inOrder.slice(0, limit).map(fullMember) };
}

function getMember({ platform, params }: Asked): Reply {
  return { status: 200, body: fullMember(memberFor(guildFor(platform, params.guild), params.user)) };
}

function patchMe({ platform, params, body }: Asked): Reply {
  const guild = guildFor(platform, params.guild);
  const bot = memberFor(guild, platform.world.bot.id);
  const { nick } = Object(body) as Json;
  if (nick !== undefined) rename(platform, guild, { member: bot, nick, needs: 'CHANGE_NICKNAME' });
  tellOfMember(platform, guild, bot);
  return { status: 200, body: fullMember(bot) };
}

/** https://discord.com/developers/docs/resources/guild#modify-guild-member: nick, roles and timeout. */
function patchMember({ platform, params, body }: Asked): Reply {
  const guild = guildFor(platform, params.guild);
  const member = memberFor(guild, params.user);
  const { nick, roles, communication_disabled_until: until } = Object(body) as Json;
  if (until !== undefined) checkTimeout(platform, guild, { member, until });
  if (Array.isArray(roles)) checkRoles(platform, guild, { member, roles });
  if (nick !== undefined) rename(platform, guild, { member, nick, needs: 'MANAGE_NICKNAMES' });
  if (until !== undefined) member.disabledUntil = until === null ? null : new Date(String(until)).toISOString();
  if (Array.isArray(roles)) member.roles = new Set(roles.map(String));
  tellOfMember(platform, guild, member);
  return { status: 200, body: fullMember(member) };
}

function setRole({ platform, params }: Asked, on: boolean): Reply {
  const guild = guildFor(platform, params.guild);
  const member = memberFor(guild, params.user);
  mayGive(platform, guild, roleFor(guild, params.role));
  if (on) member.roles.add(params.role ?? '');
  else member.roles.delete(params.role ?? '');
  tellOfMember(platform, guild, member);
  return { status: 204 };
}

function memberFor(guild: Guild, id: string | undefined): Member {
  const member = guild.members.get(id ?? '');
  if (!member) throw problems.unknownMember();
  return member;
}

function roleFor(guild: Guild, id: unknown): Role {
  const role = guild.roles.get(String(id));
  if (!role) throw problems.unknownRole();
  return role;
}

/** A role can be given by whoever may manage roles and stands above it; never that of a bot, nor everyone's. */
function mayGive(platform: Platform, guild: Guild, role: Role): void {
  needInGuild(platform, guild, 'MANAGE_ROLES');
  const bot = memberFor(guild, platform.world.bot.id);
  if (role.botId || role.id === guild.id || role.position >= rankOf(guild, bot)) throw problems.missingPermission();
}

const LONGEST_NICK = 32;

interface Renaming {
  member: Member;
  nick: unknown;
  needs: Permission;
}

function rename(platform: Platform, guild: Guild, { member, nick, needs }: Renaming): void {
  needInGuild(platform, guild, needs);
  needAbove(platform, guild, member);
  if (nick !== null && typeof nick !== 'string') refuseForm([wrong.type('STRING', 'nick')]);
  const name = String(nick ?? '');
  if (name.length > LONGEST_NICK) refuseForm([wrong.longerThan(LONGEST_NICK, 'nick')]);
  member.nick = name === '' ? null : name;
}

const LONGEST_TIMEOUT_MS = 28 * 86_400_000;

function checkTimeout(platform: Platform, guild: Guild, { member, until }: { member: Member; until: unknown }): void {
  needInGuild(platform, guild, 'MODERATE_MEMBERS');
  needAbove(platform, guild, member);
  if (may(permissionsOf(guild, { ...member, disabledUntil: null }), 'ADMINISTRATOR'))
    throw problems.missingPermission();
  if (until === null) return;
  const end = typeof until === 'string' ? Date.parse(until) : Number.NaN;
  const place = 'communication_disabled_until';
  if (Number.isNaN(end)) refuseForm([wrong.because('DATE_TIME_TYPE_PARSE', 'Could not parse as ISO8601.', place)]);
  if (end > Date.now() + LONGEST_TIMEOUT_MS) refuseForm([wrong.because('INVALID_TIMEOUT', TOO_LONG, place)]);
}

const TOO_LONG = 'A timeout lasts 28 days at most.';

function checkRoles(platform: Platform, guild: Guild, { member, roles }: { member: Member; roles: unknown[] }): void {
  const next = new Set(roles.map(String));
  const changed = [...next].filter((id) => !member.roles.has(id));
  const taken = [...member.roles].filter((id) => !next.has(id));
  for (const id of [...changed, ...taken]) mayGive(platform, guild, roleFor(guild, id));
}
