import { UMBRELLA, type SlackBody, type SlackEvent } from './slack.external.ts';

/** The bot as Slack knows it. */
export interface Bot {
  user: string;
  name: string;
  team: string;
  teamName: string;
  /** How a line begins that is for the bot. */
  mention: RegExp;
}

/** What somebody asked the bot, before it is known who that is. */
export interface Asked {
  /** Slack's id of it: the same when it is delivered again. */
  platformId: string;
  user: string;
  /** The login, where the payload tells it. */
  username?: string;
  channel: string;
  /** `/name rest`. */
  text: string;
  sign: string;
  /** What is needed to answer. `placeOf` in write.ts reads it. */
  via: Record<string, string>;
  isSlash: boolean;
}

export function botOf(identity: { user: string; name: string; team: string; teamName: string }): Bot {
  return { ...identity, mention: new RegExp(`^\\s*<@${identity.user}(?:\\|[^>]*)?>[\\s:,]*`) };
}

/** What a payload asks of the bot; undefined for all that is not for it. */
export function read(body: SlackBody, bot: Bot): Asked | undefined {
  if (body.command !== undefined) return readSlash(body);
  const { event, event_id: id } = body;
  if (!event || id === undefined || event.bot_id !== undefined || event.subtype !== undefined) return undefined;
  if (event.type === 'app_mention') return readMention(event, id, bot);
  if (event.type === 'message' && event.channel_type === 'im') return readDirect(event, id, bot);
  return undefined;
}

function readSlash(body: SlackBody): Asked | undefined {
  const { command = '', text = '', user_id: user, user_name: username, channel_id: channel, trigger_id: id } = body;
  if (user === undefined || channel === undefined || id === undefined) return undefined;
  const words = plain(text);
  return {
    platformId: id,
    user,
    ...(username !== undefined && { username }),
    channel,
    text: command === UMBRELLA ? line(words) : `${command} ${words}`.trim(),
    sign: `${UMBRELLA} `,
    via: {
      ...(body.response_url !== undefined && { url: body.response_url }),
      ...(body.thread_ts !== undefined && { thread: body.thread_ts }),
    },
    isSlash: true,
  };
}

/** A line that begins with the bot's name. One that names it further on is chatter about it. */
function readMention(event: SlackEvent, id: string, bot: Bot): Asked | undefined {
  const mention = bot.mention.exec(event.text ?? '');
  // Direct messages arrive as `message.im`; a mention inside one would be the same line twice.
  if (!mention || event.channel?.startsWith('D')) return undefined;
  const words = plain((event.text ?? '').slice(mention[0].length));
  return written(event, bot, { id, text: line(words), sign: `@${bot.name} ` });
}

/** In a direct message every line is for the bot. */
function readDirect(event: SlackEvent, id: string, bot: Bot): Asked | undefined {
  const text = event.text ?? '';
  const words = plain(text.replace(bot.mention, ''));
  if (text.trim() === '') return undefined;
  return written(event, bot, { id, text: line(words), sign: '' });
}

function written(
  { user, channel, ts, thread_ts: thread, edited }: SlackEvent,
  bot: Bot,
  { id, text, sign }: { id: string; text: string; sign: string },
): Asked | undefined {
  if (typeof user !== 'string' || user === bot.user || channel === undefined || ts === undefined) return undefined;
  if (edited !== undefined) return undefined;
  return {
    platformId: id,
    user,
    channel,
    text,
    sign,
    via: { ts, ...(thread !== undefined && { thread }) },
    isSlash: false,
  };
}

/** `/name rest`, with or without a slash before it; without a name help is meant. */
function line(words: string): string {
  const bare = words.startsWith('/') ? words.slice(1).trimStart() : words;
  return bare === '' ? '/help' : `/${bare}`;
}

/**
 * A text of Slack's as the person typed it: links, people and channels become words again, `&lt;` a `<`.
 * https://docs.slack.dev/messaging/formatting-message-text#retrieving-messages
 */
export function plain(text: string): string {
  if (!/[<&]/.test(text)) return text.trim();
  return text
    .replace(MARK, unmark)
    .replace(ENTITY, (_, name: string) => ENTITIES[name] ?? '')
    .trim();
}

const MARK = /<(?:([@#])([A-Z0-9]+)|(!)([^<>|]+)|([a-z][a-z0-9+.-]*:[^<>|\s]+))(?:\|([^<>]*))?>/g;

function unmark(_all: string, ...[sign, id, bang, special, link, label]: (string | undefined)[]): string {
  if (link !== undefined) return label || link.replace(/^(mailto|tel):/, '');
  if (sign !== undefined) return sign + (label || id);
  // Groups and dates bring their words with them; what is left is @here, @channel and @everyone.
  return bang && label ? label : `@${special}`;
}

const ENTITY = /&(lt|gt|amp);/g;
const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&' };
