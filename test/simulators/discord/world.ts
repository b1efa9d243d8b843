import { nextId, sampleId } from './ids.ts';
import type { WordsRule } from './auto-moderation.ts';
import { bits } from './permissions.ts';

/** Anything that travels as JSON. */
export type Json = Record<string, unknown>;

export interface User {
  id: string;
  name: string;
  bot: boolean;
}

export interface Role {
  id: string;
  name: string;
  permissions: bigint;
  position: number;
  mentionable: boolean;
  /** The bot that this role belongs to: nobody can give it to another. */
  botId?: string;
}

export interface Member {
  user: User;
  nick: string | null;
  roles: Set<string>;
  joinedAt: string;
  disabledUntil: string | null;
}

/** What a channel allows or denies to a role (type 0) or a member (type 1). */
export interface Overwrite {
  id: string;
  type: 0 | 1;
  allow: bigint;
  deny: bigint;
}

/** Discord's numbers of kinds of channel. */
export const TEXT = 0;
export const DIRECT = 1;
export const THREAD = 11;

export interface Channel {
  id: string;
  type: typeof TEXT | typeof DIRECT | typeof THREAD;
  name: string;
  guild?: Guild;
  /** Of a thread. */
  parent?: Channel;
  /** Of a direct channel: the person at the other end. */
  recipient?: User;
  /** Seconds between two messages of one person, where it is in slow mode. */
  slow?: number;
  overwrites: Overwrite[];
  messages: Message[];
}

export interface Attachment {
  id: string;
  name: string;
  description?: string;
  type: string;
  bytes: number;
  width?: number;
  height?: number;
  url: string;
}

export interface Message {
  id: string;
  channel: Channel;
  author: User;
  type: number;
  content: string;
  embeds: Json[];
  components: Json[];
  attachments: Attachment[];
  flags: number;
  nonce?: string | number;
  tts: boolean;
  editedAt: string | null;
  /** Whom it calls, after allowed_mentions. */
  mentions: Mentions;
  /** The message that it answers. */
  reference?: { channelId: string; messageId: string };
  webhookId?: string;
  /** Of an answer to an interaction. */
  interaction?: { id: string; type: number; name: string; user: User };
  /** The one person who sees an ephemeral message. */
  only?: User;
}

export interface Mentions {
  users: User[];
  roles: string[];
  everyone: boolean;
}

/** Somebody who may not come back. */
export interface Ban {
  user: User;
  reason: string | null;
}

export interface Guild {
  id: string;
  name: string;
  ownerId: string;
  roles: Map<string, Role>;
  members: Map<string, Member>;
  channels: Map<string, Channel>;
  bans: Map<string, Ban>;
  /** AutoMod’s rules for words, by their id. */
  wordRules: Map<string, WordsRule>;
  /** Nobody comes in before; null where invites work. */
  invitesDisabledUntil: string | null;
  /** Commands that the application registered for this guild alone. */
  commands: Json[];
}

export interface World {
  bot: User;
  guilds: Map<string, Guild>;
  people: User[];
  /** Other bots and webhooks that said something. */
  others: User[];
  /** By the person's id. */
  directs: Map<string, Channel>;
  /** People who take no direct messages. */
  closed: Set<string>;
  /** Commands that the application registered for every guild. */
  commands: Json[];
}

type WorldSettings = Record<'people' | 'rooms', string[]> & Record<'bot' | 'guild', string>;

/** The sample world, with these people and rooms beside its own. */
export function createWorld(more: WorldSettings): World {
  const people = [...new Set([...SAMPLE_PEOPLE, ...more.people])].map((name) => newUser(name));
  const bot: User = { id: sampleId('user', more.bot), name: more.bot, bot: true };
  const world: World = {
    bot,
    guilds: new Map(),
    people,
    others: [],
    directs: new Map(people.map((one) => [one.id, directWith(one)])),
    closed: new Set(),
    commands: [],
  };
  addGuild(world, more.guild, [...new Set([...SAMPLE_ROOMS, ...more.rooms])]);
  return world;
}

/** Who is there, and in which role. */
const SAMPLE_PEOPLE = ['olga', 'adam', 'mona', 'mia', 'max'];
export const SAMPLE_ROOMS = ['square', 'trading-floor'];

/** A guild with everybody in it: olga owns it, adam is an administrator, mona moderates. */
export function addGuild(world: World, name: string, rooms: string[]): Guild {
  const id = sampleId('guild', name);
  const owner = world.people.find((one) => one.name === 'olga');
  const guild: Guild = {
    id,
    name,
    ownerId: owner?.id ?? '',
    roles: new Map(rolesFor(world, { id, name }).map((role) => [role.id, role])),
    members: new Map(),
    channels: new Map(),
    bans: new Map(),
    wordRules: new Map(),
    invitesDisabledUntil: null,
    commands: [],
  };
  for (const room of rooms) addChannel(guild, room, sampleId(`channel of ${name}`, room));
  for (const one of [world.bot, ...world.people]) addMember(guild, one);
  world.guilds.set(id, guild);
  return guild;
}

export function addChannel(guild: Guild, name: string, id: string = nextId()): Channel {
  const channel: Channel = { id, type: TEXT, name, guild, overwrites: [], messages: [] };
  guild.channels.set(id, channel);
  return channel;
}

export function addThread(parent: Channel, name: string): Channel {
  const channel: Channel = { id: nextId(), type: THREAD, name, parent, overwrites: [], messages: [] };
  if (parent.guild) channel.guild = parent.guild;
  parent.guild?.channels.set(channel.id, channel);
  return channel;
}

export function addMember(guild: Guild, user: User): Member {
  const mine = [...guild.roles.values()].filter((role) => role.botId === user.id || ROLE_OF[user.name] === role.name);
  const roles = new Set(mine.map((role) => role.id));
  const joinedAt = new Date(SAMPLE_JOINED_MS).toISOString();
  const member: Member = { user, nick: null, roles, joinedAt, disabledUntil: null };
  guild.members.set(user.id, member);
  return member;
}

const SAMPLE_JOINED_MS = Date.UTC(2024, 0, 1);

const ROLE_OF: Record<string, string> = { adam: 'Admin', mona: 'Moderator' };

const newUser = (name: string): User => ({ id: sampleId('user', name), name, bot: false });

const directWith = (recipient: User): Channel => ({
  id: sampleId('direct', recipient.name),
  type: DIRECT,
  name: `dm:${recipient.name}`,
  recipient,
  overwrites: [],
  messages: [],
});

const EVERYONE = bits(
  'VIEW_CHANNEL',
  'SEND_MESSAGES',
  'SEND_MESSAGES_IN_THREADS',
  'CREATE_PUBLIC_THREADS',
  'READ_MESSAGE_HISTORY',
  'ADD_REACTIONS',
  'EMBED_LINKS',
  'ATTACH_FILES',
  'USE_APPLICATION_COMMANDS',
);

const MODERATOR = bits('MANAGE_MESSAGES', 'KICK_MEMBERS', 'MODERATE_MEMBERS', 'MANAGE_THREADS', 'MENTION_EVERYONE');

const BOT =
  EVERYONE |
  bits('MANAGE_MESSAGES', 'MANAGE_ROLES', 'MANAGE_NICKNAMES', 'CHANGE_NICKNAME') |
  bits('MODERATE_MEMBERS', 'KICK_MEMBERS', 'BAN_MEMBERS', 'MANAGE_CHANNELS', 'MANAGE_GUILD');

/** From low to high: the bot may give the roles below its own, and nothing to whoever stands above it. */
function rolesFor(world: World, guild: { id: string; name: string }): Role[] {
  const id = (name: string): string => sampleId(`role of ${guild.name}`, name);
  const role = (name: string, permissions: bigint, position: number): Role => ({
    id: id(name),
    name,
    permissions,
    position,
    mentionable: false,
  });
  return [
    { ...role('@everyone', EVERYONE, 0), id: guild.id },
    role('Verified', 0n, 1),
    role('Moderator', MODERATOR, 2),
    { ...role(world.bot.name, BOT, 3), botId: world.bot.id },
    role('Admin', bits('ADMINISTRATOR'), 4),
  ];
}
