import { INTENTS } from './intents.ts';
import type { Platform } from './platform.ts';
import { channelWire, fullMember, guildWire, roleWire, userWire } from './wire.ts';
import type { Channel, Guild, Member, Role, User } from './world.ts';

/** Of itself a bot is told with any intents, of others only with the members intent. */
export function tellOfMember({ sessions, world }: Platform, guild: Guild, member: Member): void {
  const data = { ...fullMember(member), guild_id: guild.id };
  const intents = member.user.id === world.bot.id ? 0 : INTENTS.members;
  sessions.happen({ name: 'GUILD_MEMBER_UPDATE', intents, guild, tell: () => data });
}

export function tellOfJoining({ sessions }: Platform, guild: Guild, member: Member): void {
  const data = { ...fullMember(member), guild_id: guild.id };
  sessions.happen({ name: 'GUILD_MEMBER_ADD', intents: INTENTS.members, guild, tell: () => data });
}

export function tellOfLeaving({ sessions }: Platform, guild: Guild, member: Member): void {
  const data = { user: fullMember(member).user, guild_id: guild.id };
  sessions.happen({ name: 'GUILD_MEMBER_REMOVE', intents: INTENTS.members, guild, tell: () => data });
}

export function tellOfBan(
  { sessions }: Platform,
  name: 'GUILD_BAN_ADD' | 'GUILD_BAN_REMOVE',
  { guild, user }: { guild: Guild; user: User },
): void {
  const data = { guild_id: guild.id, user: userWire(user) };
  sessions.happen({ name, intents: INTENTS.moderation, guild, tell: () => data });
}

export function tellOfChannel(
  { sessions }: Platform,
  name: `${'CHANNEL' | 'THREAD'}_${'CREATE' | 'UPDATE' | 'DELETE'}`,
  channel: Channel,
): void {
  const data = channelWire(channel);
  const guild = channel.guild ? { guild: channel.guild } : {};
  sessions.happen({ name, intents: INTENTS.guilds, tell: () => data, ...guild });
}

export function tellOfRole({ sessions }: Platform, guild: Guild, role: Role): void {
  const data = { guild_id: guild.id, role: roleWire(role) };
  sessions.happen({ name: 'GUILD_ROLE_UPDATE', intents: INTENTS.guilds, guild, tell: () => data });
}

export function tellOfGuild({ sessions }: Platform, guild: Guild): void {
  const data = guildWire(guild);
  sessions.happen({ name: 'GUILD_UPDATE', intents: INTENTS.guilds, guild, tell: () => data });
}

/** The bot was taken out of the guild. */
export function tellOfRemoval({ sessions }: Platform, guild: Guild): void {
  const data = { id: guild.id };
  sessions.happen({ name: 'GUILD_DELETE', intents: INTENTS.guilds, guild, tell: () => data });
}
