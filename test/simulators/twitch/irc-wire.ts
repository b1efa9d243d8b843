import { arriving } from './chat.ts';
import { type IrcParts, SERVER } from './irc-line.ts';
import { type Account, type Channel, type ChatLine, isPrivileged, mayModerate } from './world.ts';

/** The forms of the lines that the chat server sends: https://dev.twitch.tv/docs/chat/irc/#irc-tag-reference */
export const wire = {
  message,
  userState,
  globalUserState,
  roomState,
  cleared,
  deleted,
  notice,
  join: (nick: string, channel: Channel): IrcParts => ({
    prefix: hostOf(nick),
    command: 'JOIN',
    params: [`#${channel.login}`],
  }),
  part: (nick: string, channel: Channel): IrcParts => ({
    prefix: hostOf(nick),
    command: 'PART',
    params: [`#${channel.login}`],
  }),
  names,
};

function message(line: ChatLine): IrcParts {
  const text = arriving(line);
  return {
    tags: { ...personTags(line.channel, line.author), ...messageTags(line), ...replyTags(line) },
    prefix: hostOf(line.author.login),
    command: 'PRIVMSG',
    params: [`#${line.channel.login}`],
    text: line.action ? `\u0001ACTION ${text}\u0001` : text,
  };
}

function userState(channel: Channel, account: Account, said?: ChatLine): IrcParts {
  const tags = {
    ...personTags(channel, account),
    'emote-sets': '0',
    ...(said ? { id: said.id } : {}),
    ...(said?.nonce === undefined ? {} : { 'client-nonce': said.nonce }),
  };
  return { tags: tags, command: 'USERSTATE', params: [`#${channel.login}`] };
}

function globalUserState({ id, name, color }: Account): IrcParts {
  const tags = { 'badge-info': '', badges: '', color, 'display-name': name, 'emote-sets': '0', 'user-id': id };
  return { tags: { ...tags, 'user-type': '' }, command: 'GLOBALUSERSTATE' };
}

/** The whole state goes to who joins; a change goes alone. */
function roomState({ id, login, slow }: Channel, changed = false): IrcParts {
  const whole = { 'emote-only': '0', 'followers-only': '-1', r9k: '0', 'room-id': id, slow: String(slow) };
  const tags = changed ? { 'room-id': id, slow: String(slow) } : { ...whole, 'subs-only': '0' };
  return { tags, command: 'ROOMSTATE', params: [`#${login}`] };
}

function cleared(channel: Channel, at: number, target?: Account, seconds?: number): IrcParts {
  const tags = {
    ...(seconds === undefined ? {} : { 'ban-duration': String(seconds) }),
    'room-id': channel.id,
    ...(target ? { 'target-user-id': target.id } : {}),
    'tmi-sent-ts': String(at),
  };
  return { tags, command: 'CLEARCHAT', params: [`#${channel.login}`], ...(target ? { text: target.login } : {}) };
}

function deleted(line: ChatLine, at: number): IrcParts {
  const tags = { login: line.author.login, 'room-id': '', 'target-msg-id': line.id, 'tmi-sent-ts': String(at) };
  return { tags, command: 'CLEARMSG', params: [`#${line.channel.login}`], text: line.text };
}

function notice(channel: string, { id, text }: { id: string; text: string }): IrcParts {
  return { tags: { 'msg-id': id }, command: 'NOTICE', params: [channel], text };
}

function names(nick: string, channel: Channel, everybody: string[]): IrcParts[] {
  const prefix = `${nick}.${SERVER}`;
  const room = `#${channel.login}`;
  return [
    { prefix, command: '353', params: [nick, '=', room], text: everybody.join(' ') },
    { prefix, command: '366', params: [nick, room], text: 'End of /NAMES list' },
  ];
}

const hostOf = (nick: string): string => `${nick}!${nick}@${nick}.${SERVER}`;

const bit = (on: boolean): string => (on ? '1' : '0');

function personTags(channel: Channel, account: Account): Record<string, string> {
  const owner = channel.id === account.id;
  const moderator = !owner && mayModerate(channel, account.id);
  return {
    'badge-info': '',
    badges: badgesOf(channel, account),
    color: account.color,
    'display-name': account.name,
    mod: bit(moderator),
    subscriber: '0',
    'user-type': moderator ? 'mod' : '',
    ...(channel.vips.has(account.id) ? { vip: '1' } : {}),
  };
}

/** The badge that shows what somebody is in this channel; empty for everybody else. */
export function badgesOf(channel: Channel, account: Account): string {
  if (!isPrivileged(channel, account)) return '';
  if (channel.id === account.id) return 'broadcaster/1';
  return mayModerate(channel, account.id) ? 'moderator/1' : 'vip/1';
}

function messageTags({ id, channel, author, at, first, nonce }: ChatLine): Record<string, string> {
  return {
    ...(nonce === undefined ? {} : { 'client-nonce': nonce }),
    emotes: '',
    'first-msg': bit(first),
    flags: '',
    id,
    'returning-chatter': '0',
    'room-id': channel.id,
    'tmi-sent-ts': String(at),
    turbo: '0',
    'user-id': author.id,
  };
}

function replyTags({ parent, thread }: ChatLine): Record<string, string> {
  if (!parent || !thread) return {};
  return {
    'reply-parent-display-name': parent.author.name,
    'reply-parent-msg-body': parent.text,
    'reply-parent-msg-id': parent.id,
    'reply-parent-user-id': parent.author.id,
    'reply-parent-user-login': parent.author.login,
    'reply-thread-parent-display-name': thread.author.name,
    'reply-thread-parent-msg-id': thread.id,
    'reply-thread-parent-user-id': thread.author.id,
    'reply-thread-parent-user-login': thread.author.login,
  };
}
