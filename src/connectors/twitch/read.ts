import { newId } from '#core/ids.ts';
import type { IncomingMessage } from '#core/message.ts';
import { mappedRole } from '#core/role-mapping.ts';
import { tagOf, type IrcLine } from './irc-line.ts';
import { BOT_BADGE } from './twitch.external.ts';

/** What may be a command. `symbol` is what stands before the name; with a mention of the bot it may be left out. */
export interface Candidate {
  symbol: string | undefined;
  name: string;
  /** `/name rest`, as the spine reads it. */
  text: string;
}

/**
 * Takes a line for a command by its form alone: a symbol and a word at its beginning, or the bot's name and a word.
 * Chatter costs a look at the first character. `own` is the bot's login.
 */
export function findCandidate(line: IrcLine, own: string): Candidate | undefined {
  const { text } = line;
  if (isPlain(text.charCodeAt(0))) return undefined;
  if (text.startsWith('@') && line.tags.includes('reply-parent-msg-id=')) return byForm(afterWord(text), own);
  return byForm(text, own);
}

/** Whose line it is that we never answer: our own, another program's, and what comes from a channel that shares its chat. */
export function isForeign({ tags, nick }: IrcLine, own: string): boolean {
  const source = tagOf(tags, 'source-room-id');
  return nick === own || BOT_BADGE.test(tagOf(tags, 'badges')) || (source !== '' && source !== tagOf(tags, 'room-id'));
}

/** Where a line was said. `platformId` is the id of the channel's user. */
export function spaceOf({ tags, target }: IrcLine): { platform: string; platformId: string; name: string } {
  const name = target.slice(1);
  return { platform: 'twitch', platformId: tagOf(tags, 'room-id') || name, name };
}

/** The line as the spine reads it. */
export function read(
  line: IrcLine,
  asked: { text: string; community: string; sign: string; at: number },
): IncomingMessage {
  const { tags, nick, target } = line;
  const account = `twitch:${tagOf(tags, 'user-id') || nick}`;
  const name = tagOf(tags, 'display-name') || nick;
  const platformRoles = rolesOf(tags);
  const role = mappedRole({ platform: 'twitch', platformRoles });
  return {
    id: newId('job', asked.at),
    from: { platform: 'twitch', room: target.slice(1), account, via: { id: tagOf(tags, 'id'), name } },
    community: asked.community,
    place: spaceOf(line).platformId,
    who: { account, name, username: nick, role, platformRoles },
    ask: { text: asked.text },
    style: { sign: asked.sign, brief: true, open: true },
    at: asked.at,
  };
}

/** The same for every delivery of one line. */
export function idOf({ tags, target, nick, text }: IrcLine): string {
  const id = tagOf(tags, 'id');
  if (id !== '') return id;
  return `${target}:${tagOf(tags, 'user-id') || nick}:${tagOf(tags, 'tmi-sent-ts')}:${hash(text)}`;
}

/** https://dev.twitch.tv/docs/chat/irc/#privmsg-tags */
export function rolesOf(tags: string): string[] {
  const badges = tagOf(tags, 'badges')
    .split(',')
    .map((badge) => badge.slice(0, badge.indexOf('/')));
  const roles = new Set(badges.flatMap((badge) => ROLE_OF_BADGE[badge] ?? []));
  if (tagOf(tags, 'mod') === '1') roles.add('moderator');
  return [...roles];
}

/** Whether somebody moderates the channel. */
export function keepsOrder(tags: string): boolean {
  return rolesOf(tags).some((role) => role === 'moderator' || role === 'broadcaster');
}

/** Other badges tell what somebody has bought or won, not what they are in the channel. */
const ROLE_OF_BADGE: Readonly<Record<string, string>> = {
  broadcaster: 'broadcaster',
  moderator: 'moderator',
  lead_moderator: 'moderator',
  vip: 'vip',
  subscriber: 'subscriber',
  founder: 'subscriber',
};

/** Most lines begin so: a letter, a digit or a blank of ASCII, or the sign of a /me line; or there is nothing. */
function isPlain(code: number): boolean {
  return (code | 32) > 96 ? (code | 32) < 123 : !(code > 32) || (code > 47 && code < 58);
}

/** One to three characters that are neither letter, digit nor blank, and a word right behind them. */
const FORM = /^([^\p{L}\p{N}\p{Z}\p{C}]{1,3})([\p{L}\p{N}][\p{L}\p{N}_-]*)(?=$|[\s=])/u;
/** A word, behind a mention. */
const WORD = /^[\p{L}\p{N}][\p{L}\p{N}_-]*(?=$|[\s=])/u;
/** Some programs let a line end so to say the same again. */
const INVISIBLE_END = /[\s\p{Cf}\p{Cn}\u034F]+$/u;

function byForm(text: string, own: string): Candidate | undefined {
  const found = FORM.exec(text);
  if (found && !(found[1] === '@' && isOwn(text, own))) {
    const [, symbol = '', name = ''] = found;
    return { symbol, name: name.toLowerCase(), text: `/${trimEnd(text.slice(symbol.length))}` };
  }
  return text.startsWith('@') && isOwn(text, own) ? byMention(afterWord(text)) : undefined;
}

/** What stands behind the bot's name, with or without a symbol. */
function byMention(rest: string): Candidate | undefined {
  const name = WORD.exec(rest)?.[0];
  if (name !== undefined) return { symbol: undefined, name: name.toLowerCase(), text: `/${trimEnd(rest)}` };
  const found = FORM.exec(rest);
  return found?.[1] && found[2]
    ? { symbol: found[1], name: found[2].toLowerCase(), text: `/${trimEnd(rest.slice(found[1].length))}` }
    : undefined;
}

/** `@Guildhall`, in any case, with a comma or colon behind it or without. */
function isOwn(text: string, own: string): boolean {
  const end = text.indexOf(' ');
  const word = text.slice(1, end < 0 ? text.length : end).toLowerCase();
  return word === own || (word.length === own.length + 1 && word.startsWith(own) && /[,:]$/.test(word));
}

function afterWord(text: string): string {
  const end = text.indexOf(' ');
  return end < 0 ? '' : text.slice(end).trimStart();
}

function trimEnd(text: string): string {
  return text.replace(INVISIBLE_END, '');
}

/** Tells texts of the same person and moment apart. FNV-1a. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return (value >>> 0).toString(36);
}
