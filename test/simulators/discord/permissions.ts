import type { Channel, Guild, Member } from './world.ts';

/** Bits of a permission set: https://discord.com/developers/docs/topics/permissions#permissions-bitwise-permission-flags */
export const PERMISSIONS = {
  CREATE_INSTANT_INVITE: 1n << 0n,
  KICK_MEMBERS: 1n << 1n,
  BAN_MEMBERS: 1n << 2n,
  ADMINISTRATOR: 1n << 3n,
  MANAGE_CHANNELS: 1n << 4n,
  MANAGE_GUILD: 1n << 5n,
  ADD_REACTIONS: 1n << 6n,
  VIEW_AUDIT_LOG: 1n << 7n,
  VIEW_CHANNEL: 1n << 10n,
  SEND_MESSAGES: 1n << 11n,
  SEND_TTS_MESSAGES: 1n << 12n,
  MANAGE_MESSAGES: 1n << 13n,
  EMBED_LINKS: 1n << 14n,
  ATTACH_FILES: 1n << 15n,
  READ_MESSAGE_HISTORY: 1n << 16n,
  MENTION_EVERYONE: 1n << 17n,
  USE_EXTERNAL_EMOJIS: 1n << 18n,
  CHANGE_NICKNAME: 1n << 26n,
  MANAGE_NICKNAMES: 1n << 27n,
  MANAGE_ROLES: 1n << 28n,
  MANAGE_WEBHOOKS: 1n << 29n,
  USE_APPLICATION_COMMANDS: 1n << 31n,
  MANAGE_THREADS: 1n << 34n,
  CREATE_PUBLIC_THREADS: 1n << 35n,
  SEND_MESSAGES_IN_THREADS: 1n << 38n,
  MODERATE_MEMBERS: 1n << 40n,
} as const;

export type Permission = keyof typeof PERMISSIONS;

export const bits = (...names: Permission[]): bigint => names.reduce((sum, name) => sum | PERMISSIONS[name], 0n);

const ALL = (1n << 53n) - 1n;

/** What a member who is timed out still may do. */
const TIMED_OUT = bits('VIEW_CHANNEL', 'READ_MESSAGE_HISTORY');

/** What is worth nothing to whoever may not send. */
const NEEDS_SENDING = bits('MENTION_EVERYONE', 'SEND_TTS_MESSAGES', 'ATTACH_FILES', 'EMBED_LINKS');

/**
 * What a member may do in the guild, or in one channel of it, by Discord's own order: everyone's role, the member's
 * roles, then the channel's overwrites for everyone, for roles, for the member. A thread has those of its parent.
 */
export function permissionsOf(guild: Guild, member: Member, channel?: Channel): bigint {
  if (guild.ownerId === member.user.id) return ALL;
  const base = rolesOf(guild, member).reduce((sum, role) => sum | role.permissions, 0n);
  if (base & PERMISSIONS.ADMINISTRATOR) return ALL;
  const here = channel ? inChannel(base, guild, { member, channel }) : base;
  return isTimedOut(member) ? here & TIMED_OUT : here;
}

export const may = (held: bigint, ...names: Permission[]): boolean =>
  names.every((name) => (held & PERMISSIONS[name]) !== 0n);

const isTimedOut = (member: Member): boolean => Date.parse(member.disabledUntil ?? '') > Date.now();

/** The highest place among a member's roles; the owner stands above all. */
export function rankOf(guild: Guild, member: Member): number {
  if (guild.ownerId === member.user.id) return Number.POSITIVE_INFINITY;
  return Math.max(...rolesOf(guild, member).map((role) => role.position));
}

const rolesOf = (guild: Guild, member: Member) =>
  [...guild.roles.values()].filter((role) => role.id === guild.id || member.roles.has(role.id));

function inChannel(base: bigint, guild: Guild, { member, channel }: { member: Member; channel: Channel }): bigint {
  const overwrites = (channel.parent ?? channel).overwrites;
  const forEveryone = overwrites.filter((one) => one.id === guild.id);
  const forRoles = overwrites.filter((one) => one.type === 0 && one.id !== guild.id && member.roles.has(one.id));
  const forMember = overwrites.filter((one) => one.type === 1 && one.id === member.user.id);
  const held = [forEveryone, forRoles, forMember].reduce(applied, base);
  if (!may(held, 'VIEW_CHANNEL')) return 0n;
  return may(held, 'SEND_MESSAGES') ? held : held & ~NEEDS_SENDING;
}

function applied(held: bigint, overwrites: Channel['overwrites']): bigint {
  const deny = overwrites.reduce((sum, one) => sum | one.deny, 0n);
  const allow = overwrites.reduce((sum, one) => sum | one.allow, 0n);
  return (held & ~deny) | allow;
}
