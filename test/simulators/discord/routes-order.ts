import { channelFor, guildFor, needAbove, needIn, needInGuild } from './bot-may.ts';
import { tellOfBan, tellOfChannel, tellOfGuild, tellOfLeaving } from './changes.ts';
import { type Platform, violate } from './platform.ts';
import { problems, refuseForm, wrong } from './problems.ts';
import type { Asked, Reply, Route } from './routes.ts';
import { texts } from './texts.ts';
import { channelWire, incidentsWire, userWire } from './wire.ts';
import { type Ban, type Guild, type Json, type Member, THREAD, type User } from './world.ts';

/** Taking people out of a guild, keeping them out, and slow mode. */
export const orderRoutes: Route[] = [
  { method: 'DELETE', path: '/guilds/:guild/members/:user', answer: kick },
  { method: 'GET', path: '/guilds/:guild/bans', answer: listBans },
  { method: 'GET', path: '/guilds/:guild/bans/:user', answer: getBan },
  { method: 'PUT', path: '/guilds/:guild/bans/:user', answer: ban },
  { method: 'DELETE', path: '/guilds/:guild/bans/:user', answer: unban },
  { method: 'PATCH', path: '/channels/:channel', answer: changeChannel },
  { method: 'PUT', path: '/guilds/:guild/incident-actions', answer: pause },
];

/** https://discord.com/developers/docs/resources/guild#remove-guild-member */
function kick({ platform, params }: Asked): Reply {
  const guild = guildFor(platform, params.guild);
  needInGuild(platform, guild, 'KICK_MEMBERS');
  const member = guild.members.get(params.user ?? '');
  if (!member) throw problems.unknownMember();
  takeOut(platform, guild, member);
  return { status: 204 };
}

function takeOut(platform: Platform, guild: Guild, member: Member): void {
  needAbove(platform, guild, member);
  guild.members.delete(member.user.id);
  tellOfLeaving(platform, guild, member);
}

function listBans({ platform, params }: Asked): Reply {
  const guild = guildFor(platform, params.guild);
  needInGuild(platform, guild, 'BAN_MEMBERS');
  return { status: 200, body: [...guild.bans.values()].map(banWire) };
}

function getBan({ platform, params }: Asked): Reply {
  const guild = guildFor(platform, params.guild);
  needInGuild(platform, guild, 'BAN_MEMBERS');
  return { status: 200, body: banWire(banFor(guild, params.user)) };
}

/** Also for who is not a member. https://discord.com/developers/docs/resources/guild#create-guild-ban */
function ban({ platform, params, body, reason }: Asked): Reply {
  const guild = guildFor(platform, params.guild);
  needInGuild(platform, guild, 'BAN_MEMBERS');
  const user = userFor(platform, params.user);
  const { delete_message_seconds: back = 0 } = Object(body) as Json;
  if (!isWithin(back, LONGEST_BACK)) refuseForm([wrong.because('NUMBER_TYPE_MAX', BACK, 'delete_message_seconds')]);
  const member = guild.members.get(user.id);
  if (member) takeOut(platform, guild, member);
  guild.bans.set(user.id, { user, reason: reason ?? null });
  tellOfBan(platform, 'GUILD_BAN_ADD', { guild, user });
  return { status: 204 };
}

/** Seven days, and six hours. */
const LONGEST_BACK = 604_800;
const SLOWEST = 21_600;
const BACK = `Use 0 to ${LONGEST_BACK}.`;

function unban({ platform, params }: Asked): Reply {
  const guild = guildFor(platform, params.guild);
  needInGuild(platform, guild, 'BAN_MEMBERS');
  const { user } = banFor(guild, params.user);
  guild.bans.delete(user.id);
  tellOfBan(platform, 'GUILD_BAN_REMOVE', { guild, user });
  return { status: 204 };
}

/** Slow mode alone of all that can be changed. https://discord.com/developers/docs/resources/channel#modify-channel */
function changeChannel({ platform, params, body }: Asked): Reply {
  const channel = channelFor(platform, params.channel);
  if (!channel.guild) throw problems.notInDirect();
  needIn(platform, channel, channel.type === THREAD ? 'MANAGE_THREADS' : 'MANAGE_CHANNELS');
  const { rate_limit_per_user: seconds, ...others } = Object(body) as Json;
  for (const name of Object.keys(others)) violate(platform, texts.notSpoken(`${name} of a channel`));
  if (!isWithin(seconds, SLOWEST))
    refuseForm([wrong.because('NUMBER_TYPE_MAX', `Use 0 to ${SLOWEST}.`, 'rate_limit_per_user')]);
  channel.slow = Number(seconds);
  tellOfChannel(platform, channel.type === THREAD ? 'THREAD_UPDATE' : 'CHANNEL_UPDATE', channel);
  return { status: 200, body: channelWire(channel) };
}

/** Invites alone of all that can be paused. https://discord.com/developers/docs/resources/guild#modify-guild-incident-actions */
function pause({ platform, params, body }: Asked): Reply {
  const guild = guildFor(platform, params.guild);
  needInGuild(platform, guild, 'MANAGE_GUILD');
  const { invites_disabled_until: until, ...others } = Object(body) as Json;
  for (const name of Object.keys(others)) violate(platform, texts.notSpoken(`${name} of an incident`));
  if (typeof until === 'string' && !(Date.parse(until) <= Date.now() + DAY_MS))
    refuseForm([wrong.because('INVALID_DATE', 'Must be within a day.', 'invites_disabled_until')]);
  guild.invitesDisabledUntil = typeof until === 'string' ? new Date(until).toISOString() : null;
  tellOfGuild(platform, guild);
  return { status: 200, body: incidentsWire(guild) };
}

const DAY_MS = 86_400_000;

const isWithin = (value: unknown, most: number): boolean =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most;

const banWire = ({ user, reason }: Ban): Json => ({ reason, user: userWire(user) });

function banFor(guild: Guild, id: string | undefined): Ban {
  const found = guild.bans.get(id ?? '');
  if (!found) throw problems.unknownBan();
  return found;
}

function userFor({ world }: Platform, id: string | undefined): User {
  const user = [world.bot, ...world.people, ...world.others].find((one) => one.id === id);
  if (!user) throw problems.unknownUser();
  return user;
}
