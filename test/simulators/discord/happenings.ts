import {
  tellOfChannel,
  tellOfGuild,
  tellOfJoining,
  tellOfLeaving,
  tellOfMember,
  tellOfRemoval,
  tellOfRole,
} from './changes.ts';
import { findGuild, findMember, findRole, findRoom, findUser, roomsOf } from './find.ts';
import { tellGuild } from './gateway-sign-in.ts';
import { type Permission, PERMISSIONS } from './permissions.ts';
import type { Platform } from './platform.ts';
import { shardOf } from './sessions.ts';
import { texts } from './texts.ts';
import { addChannel, addGuild, addMember, addThread, type Channel, type Guild, SAMPLE_ROOMS } from './world.ts';

/** What people do to a guild beside talking. Rooms, people and guilds are named by name or id. */
export interface Happenings {
  /** Opens a thread in a room; gives its id. */
  openThread(room: string, name: string): string;
  addRoom(name: string, guild?: string): string;
  renameRoom(room: string, name: string): void;
  deleteRoom(room: string): void;
  /** The bot may no longer do this in the room, or anywhere where the room is undefined. */
  takePermission(room: string | undefined, permission: Permission): void;
  givePermission(room: string | undefined, permission: Permission): void;
  renameGuild(name: string, guild?: string): void;
  /** A person gets another nick; null takes it away. */
  rename(person: string, nick: string | null, guild?: string): void;
  setRole(person: string, role: string, on: boolean, guild?: string): void;
  /** Somebody drags a role to another place in the list of roles. */
  moveRole(role: string, position: number): void;
  /** Throws where the person is banned, or invites are paused. */
  join(person: string, guild?: string): void;
  /** Somebody pauses the invites in the guild’s own menu, for so many ms; 0 ends it. */
  pauseInvites(ms: number): void;
  leave(person: string, guild?: string): void;
  /** A person takes no direct messages any more; with false takes them again. */
  closeDms(person: string, closed?: boolean): void;
  /** The bot is added to another guild, with the same people and rooms of the same names; gives its id. */
  addGuild(name: string): string;
  /** The bot is taken out of a guild. */
  removeBot(guild?: string): void;
}

export function createHappenings(platform: Platform): Happenings {
  const { world } = platform;
  return {
    openThread: (room, name) => opened(platform, addThread(findRoom(world, room), name), 'THREAD_CREATE'),
    addRoom: (name, guild) => opened(platform, addChannel(findGuild(world, guild), name), 'CHANNEL_CREATE'),
    renameRoom(room, name) {
      const channel = findRoom(world, room);
      channel.name = name;
      tellOfChannel(platform, 'CHANNEL_UPDATE', channel);
    },
    deleteRoom: (room) => deleteRoom(platform, findRoom(world, room)),
    takePermission: (room, permission) => allow(platform, room, { permission, on: false }),
    givePermission: (room, permission) => allow(platform, room, { permission, on: true }),
    renameGuild(name, guild) {
      const renamed = findGuild(world, guild);
      renamed.name = name;
      tellOfGuild(platform, renamed);
    },
    ...withMembers(platform),
    addGuild: (name) => addBot(platform, addGuild(world, name, SAMPLE_ROOMS)),
    moveRole(which, position) {
      const there = findGuild(world);
      const role = findRole(there, which);
      role.position = position;
      tellOfRole(platform, there, role);
    },
    pauseInvites(ms) {
      const paused = findGuild(world);
      paused.invitesDisabledUntil = ms > 0 ? new Date(Date.now() + ms).toISOString() : null;
      tellOfGuild(platform, paused);
    },
    removeBot(guild) {
      const left = findGuild(world, guild);
      tellOfRemoval(platform, left);
      left.members.delete(world.bot.id);
    },
  };
}

function withMembers(platform: Platform): Pick<Happenings, 'rename' | 'setRole' | 'join' | 'leave' | 'closeDms'> {
  const { world } = platform;
  return {
    rename(person, nick, guild) {
      const there = findGuild(world, guild);
      const member = findMember(there, findUser(world, person));
      member.nick = nick;
      tellOfMember(platform, there, member);
    },
    setRole(person, role, on, guild) {
      const there = findGuild(world, guild);
      const member = findMember(there, findUser(world, person));
      const { id } = findRole(there, role);
      if (on) member.roles.add(id);
      else member.roles.delete(id);
      tellOfMember(platform, there, member);
    },
    join(person, guild) {
      const there = findGuild(world, guild);
      const user = findUser(world, person);
      if (there.bans.has(user.id)) throw new Error(texts.banned(user.name));
      if (Date.parse(there.invitesDisabledUntil ?? '') > Date.now()) throw new Error(texts.paused(there.name));
      const joinedAt = new Date().toISOString();
      tellOfJoining(platform, there, Object.assign(addMember(there, user), { joinedAt }));
    },
    leave(person, guild) {
      const there = findGuild(world, guild);
      const member = findMember(there, findUser(world, person));
      there.members.delete(member.user.id);
      tellOfLeaving(platform, there, member);
    },
    closeDms(person, closed = true) {
      const { id } = findUser(world, person);
      if (closed) world.closed.add(id);
      else world.closed.delete(id);
    },
  };
}

function opened(platform: Platform, channel: Channel, name: 'CHANNEL_CREATE' | 'THREAD_CREATE'): string {
  tellOfChannel(platform, name, channel);
  return channel.id;
}

function deleteRoom(platform: Platform, channel: Channel): void {
  const { guild } = channel;
  if (!guild) throw new Error(texts.noRoom(channel.name));
  for (const thread of [...guild.channels.values()].filter((one) => one.parent === channel))
    guild.channels.delete(thread.id);
  guild.channels.delete(channel.id);
  tellOfChannel(platform, channel.parent ? 'THREAD_DELETE' : 'CHANNEL_DELETE', channel);
}

interface Power {
  permission: Permission;
  on: boolean;
}

/** In one room by an overwrite for the bot; everywhere by its own role, and by overwrites for what everyone may. */
function allow(platform: Platform, room: string | undefined, power: Power): void {
  const { world } = platform;
  if (room !== undefined) return overwrite(platform, findRoom(world, room), power);
  const guild = findGuild(world);
  const bit = PERMISSIONS[power.permission];
  for (const role of [...guild.roles.values()].filter((one) => one.botId === world.bot.id)) {
    role.permissions = power.on ? role.permissions | bit : role.permissions & ~bit;
    tellOfRole(platform, guild, role);
  }
  const isEveryones = ((guild.roles.get(guild.id)?.permissions ?? 0n) & bit) !== 0n;
  for (const channel of isEveryones ? roomsOf(guild) : []) overwrite(platform, channel, power);
}

function overwrite(platform: Platform, channel: Channel, { permission, on }: Power): void {
  const { id } = platform.world.bot;
  const bit = PERMISSIONS[permission];
  const own = channel.overwrites.find((one) => one.id === id) ?? { id, type: 1, allow: 0n, deny: 0n };
  const next = { ...own, allow: on ? own.allow | bit : own.allow & ~bit, deny: on ? own.deny & ~bit : own.deny | bit };
  channel.overwrites = [...channel.overwrites.filter((one) => one.id !== id), next];
  tellOfChannel(platform, 'CHANNEL_UPDATE', channel);
}

function addBot(platform: Platform, guild: Guild): string {
  for (const session of platform.sessions.all.values())
    if (shardOf(guild, session.shard[1]) === session.shard[0]) tellGuild(platform, session, guild);
  return guild.id;
}
