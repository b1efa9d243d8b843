import { newId } from '#core/ids.ts';
import type { IncomingMessage, Style } from '#core/message.ts';
import { mappedRole } from '#core/role-mapping.ts';
import {
  CHAT_COMMAND,
  INTERACTION,
  MENU_COMMAND,
  MESSAGE_TYPE,
  type InteractionPayload,
  type MessagePayload,
  type OptionPayload,
  type UserPayload,
} from './discord.external.ts';
import { permissionsOf, standingBy, type Guild } from './guilds.ts';
import { TEXTS } from './texts.ts';

/** Who the bot is, as READY told it. */
export interface Me {
  id: string;
  app: string;
  /** How commands are written after a mention. */
  style: Style;
}

/** What was asked. The message's community stands empty until the place is known. */
export interface Asked {
  /** Discord's id of it. */
  id: string;
  place: { platform: 'discord'; platformId: string; name: string };
  message: IncomingMessage;
}

const SLASH: Style = { sign: '/' };

/** A line that begins with a mention of the bot, or any line of a direct channel; undefined for all other chatter. */
export function readMessage(line: MessagePayload, me: Me, guild: Guild | undefined, at: number): Asked | undefined {
  const direct = line.guild_id === undefined;
  if (!direct && !line.content.startsWith('<@')) return undefined;
  if (line.author.bot || line.webhook_id !== undefined) return undefined;
  if (line.type !== MESSAGE_TYPE.line && line.type !== MESSAGE_TYPE.reply) return undefined;
  const mentioned = afterMention(line.content, me, guild);
  if (mentioned === undefined && !(direct && line.content.trim() !== '')) return undefined;
  const text = (mentioned ?? line.content).trim();
  return {
    id: line.id,
    place: placeOf(line.guild_id, guild),
    message: {
      ...fromWhom(line.author, line.member?.nick, rolesOfAuthor(line, guild)),
      id: newId('job', at),
      from: {
        platform: 'discord',
        room: line.channel_id,
        account: `discord:${line.author.id}`,
        via: direct ? { message: line.id } : { message: line.id, guild: line.guild_id as string },
      },
      ...inGuild(line.guild_id),
      ask: { text: commandLine(text) },
      style: me.style,
      at,
    },
  };
}

/** A slash command, its options already apart and of their type; or one of the menu of a message, by its name there. */
export function readSlash(
  asked: InteractionPayload,
  guild: Guild | undefined,
  at: number,
  menus: ReadonlyMap<string, string> = new Map(),
): Asked | undefined {
  const user = asked.member?.user ?? asked.user;
  const what = asked.data && readData(asked.data, menus);
  if (asked.type !== INTERACTION.command || !user || !what || asked.channel_id === undefined) return undefined;
  return {
    id: asked.id,
    place: placeOf(asked.guild_id, guild),
    message: {
      ...fromWhom(user, asked.member?.nick, rolesOfAsker(asked, user.id, guild)),
      id: newId('job', at),
      from: {
        platform: 'discord',
        room: asked.channel_id,
        account: `discord:${user.id}`,
        via: { interaction: asked.id, token: asked.token, app: asked.application_id },
      },
      ...inGuild(asked.guild_id),
      ...what,
      style: SLASH,
      // Discord shows the asker an error where a slash command gets no answer.
      mustAnswer: true,
      at,
    },
  };
}

type What = Pick<IncomingMessage, 'ask' | 'about'>;

function readData(data: NonNullable<InteractionPayload['data']>, menus: ReadonlyMap<string, string>): What | undefined {
  const { name, type = CHAT_COMMAND, options } = data;
  if (type === CHAT_COMMAND) return { ask: { name, args: argumentsOf(options) } };
  const message = data.resolved?.messages?.[data.target_id ?? ''];
  const command = menus.get(name);
  if (type !== MENU_COMMAND || !message || command === undefined) return undefined;
  const { author, content } = message;
  const quoted = { platformId: author.id, name: author.global_name ?? author.username };
  const about = { id: message.id, author: quoted, text: content };
  return { ask: { name: command, args: { person: `<@${author.id}>` } }, about };
}

/** The words after a mention of the bot, or of its own role, at the start of a line. */
function afterMention(content: string, me: Me, guild: Guild | undefined): string | undefined {
  if (!content.startsWith('<@')) return undefined;
  const end = content.indexOf('>');
  const whom = content.slice(2, end);
  const meant = whom === me.id || whom === `!${me.id}` || (guild?.mine !== undefined && whom === `&${guild.mine}`);
  return meant ? content.slice(end + 1) : undefined;
}

/** A mention alone asks for help. */
function commandLine(text: string): string {
  if (text === '') return '/help';
  return text.startsWith('/') ? text : `/${text}`;
}

/** All direct messages together are one place. */
function placeOf(id: string | undefined, guild: Guild | undefined): Asked['place'] {
  if (id === undefined) return { platform: 'discord', platformId: 'direct', name: TEXTS.direct };
  return { platform: 'discord', platformId: id, name: guild?.name ?? id };
}

function inGuild(place: string | undefined): { place?: string } {
  return place === undefined ? {} : { place };
}

function fromWhom(
  user: UserPayload,
  nick: string | null | undefined,
  platformRoles: string[],
): Pick<IncomingMessage, 'who' | 'community'> {
  const name = nick ?? user.global_name ?? user.username;
  const role = mappedRole({ platform: 'discord', platformRoles });
  const who = { account: `discord:${user.id}`, name, username: user.username, role, platformRoles };
  return { community: '', who };
}

/** What somebody is in a guild: one word for what they may do there, and the ids of their roles. */
function rolesOfAuthor({ author, member }: MessagePayload, guild: Guild | undefined): string[] {
  if (!guild || !member) return [];
  const standing = guild.owner === author.id ? ['owner'] : standingBy(permissionsOf(guild, member.roles));
  return [...standing, ...member.roles];
}

/** Discord reckons the permissions of who used a slash command by itself, the channel's own rules included. */
function rolesOfAsker({ member }: InteractionPayload, user: string, guild: Guild | undefined): string[] {
  if (!member) return [];
  const standing = guild?.owner === user ? ['owner'] : standingBy(BigInt(member.permissions));
  return [...standing, ...(member.roles ?? [])];
}

function argumentsOf(options: OptionPayload[] | undefined): Record<string, unknown> {
  const args: Record<string, unknown> = {};
  if (options) for (const { name, value } of options) args[name] = value;
  return args;
}
