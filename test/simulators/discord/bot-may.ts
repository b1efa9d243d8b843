import { isId } from './ids.ts';
import { may, type Permission, permissionsOf, rankOf } from './permissions.ts';
import type { Platform } from './platform.ts';
import { problems } from './problems.ts';
import { type Channel, DIRECT, type Guild, type Member, THREAD } from './world.ts';

/** The channel of a call: 10003 where there is none, 50001 where the bot does not see it. */
export function channelFor({ world }: Platform, id: string | undefined): Channel {
  const direct = [...world.directs.values()].find((one) => one.id === id);
  const guild = [...world.guilds.values()].find((one) => one.channels.has(id ?? ''));
  const channel = direct ?? guild?.channels.get(id ?? '');
  if (!isId(id) || !channel) throw problems.unknownChannel();
  if (guild && !may(heldIn({ world }, channel), 'VIEW_CHANNEL')) throw problems.missingAccess();
  return channel;
}

/** The guild of a call: 10004 where there is none or the bot is not in it. */
export function guildFor({ world }: Platform, id: string | undefined): Guild {
  const guild = world.guilds.get(id ?? '');
  if (!guild?.members.has(world.bot.id)) throw problems.unknownGuild();
  return guild;
}

/** Everything a bot may do in a direct channel. */
const DIRECT_HELD = (1n << 53n) - 1n;

/** What the bot may do in a channel; nothing in a guild that it is not in. */
export function heldIn({ world }: Pick<Platform, 'world'>, channel: Channel): bigint {
  if (channel.type === DIRECT) return DIRECT_HELD;
  const member = channel.guild?.members.get(world.bot.id);
  return channel.guild && member ? permissionsOf(channel.guild, member, channel) : 0n;
}

/** 50013 where the bot lacks one of these in the channel. */
export function needIn(platform: Platform, channel: Channel, ...names: Permission[]): void {
  if (!may(heldIn(platform, channel), ...names)) throw problems.missingPermission();
}

/** 50013 where the bot lacks one of these in the guild. */
export function needInGuild({ world }: Platform, guild: Guild, ...names: Permission[]): void {
  const bot = guild.members.get(world.bot.id);
  if (!bot || !may(permissionsOf(guild, bot), ...names)) throw problems.missingPermission();
}

/** 50013 where the other one stands as high as the bot or higher; the owner always does. */
export function needAbove({ world }: Platform, guild: Guild, other: Member): void {
  const bot = guild.members.get(world.bot.id);
  if (!bot || (other !== bot && rankOf(guild, bot) <= rankOf(guild, other))) throw problems.missingPermission();
}

/** What is needed to write into a channel: 50007 for a person who takes no messages, else 50013. */
export function needToWrite(platform: Platform, channel: Channel, carries: { files: boolean; embeds: boolean }): void {
  if (channel.recipient && platform.world.closed.has(channel.recipient.id)) throw problems.closedDirect();
  needIn(platform, channel, channel.type === THREAD ? 'SEND_MESSAGES_IN_THREADS' : 'SEND_MESSAGES');
  if (carries.files) needIn(platform, channel, 'ATTACH_FILES');
  if (carries.embeds) needIn(platform, channel, 'EMBED_LINKS');
}
