import { newId } from '#core/ids.ts';
import type { IncomingMessage, Style } from '#core/message.ts';
import type { Role } from '#core/roles.ts';
import {
  CHAT_COMMAND,
  INTERACTION,
  MESSAGE_TYPE,
  type InteractionPayload,
  type MessagePayload,
  type OptionPayload,
  type UserPayload,
} from './discord.external.ts';
import { permissionsOf, roleBy, type Guild } from './guilds.ts';
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
      ...fromWhom(line.author, line.member?.nick, roleOfAuthor(line, guild)),
      id: newId('job', at),
      from: {
        platform: 'discord',
        room: line.channel_id,
        account: `discord:${line.author.id}`,
        via: direct ? { message: line.id } : { message: line.id, guild: line.guild_id as string },
      },
      ask: { text: commandLine(text) },
      style: me.style,
      at,
    },
  };
}

/** A slash command, its options already apart and of their type. */
export function readSlash(asked: InteractionPayload, guild: Guild | undefined, at: number): Asked | undefined {
  const user = asked.member?.user ?? asked.user;
  const { data } = asked;
  if (asked.type !== INTERACTION.command || !user || !data || asked.channel_id === undefined) return undefined;
  if (data.type !== undefined && data.type !== CHAT_COMMAND) return undefined;
  return {
    id: asked.id,
    place: placeOf(asked.guild_id, guild),
    message: {
      ...fromWhom(user, asked.member?.nick, roleOfAsker(asked, user.id, guild)),
      id: newId('job', at),
      from: {
        platform: 'discord',
        room: asked.channel_id,
        account: `discord:${user.id}`,
        via: { interaction: asked.id, token: asked.token, app: asked.application_id },
      },
      ask: { name: data.name, args: argumentsOf(data.options) },
      style: SLASH,
      // Discord shows the asker an error where a slash command gets no answer.
      mustAnswer: true,
      at,
    },
  };
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

function fromWhom(
  user: UserPayload,
  nick: string | null | undefined,
  role: Role,
): Pick<IncomingMessage, 'who' | 'community'> {
  const name = nick ?? user.global_name ?? user.username;
  return { community: '', who: { account: `discord:${user.id}`, name, username: user.username, role } };
}

function roleOfAuthor(line: MessagePayload, guild: Guild | undefined): Role {
  if (!guild || !line.member) return 'member';
  return guild.owner === line.author.id ? 'owner' : roleBy(permissionsOf(guild, line.member.roles));
}

/** Discord reckons the permissions of who used a slash command by itself, the channel's own rules included. */
function roleOfAsker(asked: InteractionPayload, user: string, guild: Guild | undefined): Role {
  if (guild?.owner === user) return 'owner';
  return asked.member ? roleBy(BigInt(asked.member.permissions)) : 'member';
}

function argumentsOf(options: OptionPayload[] | undefined): Record<string, unknown> {
  const args: Record<string, unknown> = {};
  if (options) for (const { name, value } of options) args[name] = value;
  return args;
}
