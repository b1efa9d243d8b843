import type { Ask, Hear, Said } from '#bench/load/dispatch.ts';
import { turns } from '#bench/load/turns.ts';

/** Twitch's chat, cut off at the wire. */
export interface TwitchWire {
  /** A connection opens: from now on frames go to `receive`. */
  connect(told: { opened(): void; receive(frame: string): void }): void;
  /** A frame of the bot's: lines, each with its end. */
  take(frame: string): void;
  hear: Hear;
  /** Resolves when the bot is in the channel. */
  joined: Promise<void>;
}

/** Greets, lets join, and tells of each line that it was taken, as Twitch does. https://dev.twitch.tv/docs/chat/irc */
export function twitchWire(said: Said): TwitchWire {
  const later = turns();
  const { promise: joined, resolve: join } = Promise.withResolvers<void>();
  let receive = (_frame: string): void => undefined;
  const bring = (lines: string[]): void => {
    if (lines.length > 0) later(() => receive(lines.map((line) => `${line}\r\n`).join('')));
  };
  const takeLine = (line: string): void => {
    if (line.includes('PRIVMSG #')) said(line);
    bring(answers(line));
    // Twice a turn later, so that the client has taken in the room before anybody is heard there.
    if (line.startsWith('JOIN ')) later(() => later(join));
  };
  return {
    connect(told) {
      receive = told.receive;
      later(told.opened);
    },
    take: (frame) => frame.split('\r\n').forEach((line) => line !== '' && takeLine(line)),
    hear: (ask) => bring([spoken(ask)]),
    joined,
  };
}

const ME = 'guildhall';

function answers(line: string): string[] {
  const [command = '', ...rest] = line.replace(/^@\S+ /, '').split(' ');
  if (command === 'CAP' && rest[0] === 'LS') return [`:tmi.twitch.tv CAP * LS :${CAPABILITIES}`];
  if (command === 'CAP' && rest[0] === 'REQ') return [`:tmi.twitch.tv CAP * ACK ${rest.slice(1).join(' ')}`];
  if (command === 'NICK') return WELCOME;
  if (command === 'JOIN') return room(rest[0] ?? '');
  if (command === 'PRIVMSG') return [taken(line, rest[0] ?? '')];
  if (command === 'PING') return [`:tmi.twitch.tv PONG tmi.twitch.tv ${rest.join(' ')}`];
  return [];
}

const CAPABILITIES = 'twitch.tv/commands twitch.tv/membership twitch.tv/tags';

const WELCOME = [
  `:tmi.twitch.tv 001 ${ME} :Welcome, GLHF!`,
  `:tmi.twitch.tv 002 ${ME} :Your host is tmi.twitch.tv`,
  `:tmi.twitch.tv 003 ${ME} :This server is rather new`,
  `:tmi.twitch.tv 004 ${ME} :-`,
  `:tmi.twitch.tv 375 ${ME} :-`,
  `:tmi.twitch.tv 372 ${ME} :You are in a maze of twisty passages, all alike.`,
  `:tmi.twitch.tv 376 ${ME} :>`,
];

function room(channel: string): string[] {
  const host = `${ME}!${ME}@${ME}.tmi.twitch.tv`;
  return [
    `:${host} JOIN ${channel}`,
    `:${ME}.tmi.twitch.tv 353 ${ME} = ${channel} :${ME}`,
    `:${ME}.tmi.twitch.tv 366 ${ME} ${channel} :End of /NAMES list`,
    `@badge-info=;badges=moderator/1;color=;display-name=${ME};emote-sets=0;mod=1;subscriber=0;user-type=mod :tmi.twitch.tv USERSTATE ${channel}`,
    `@emote-only=0;followers-only=-1;r9k=0;room-id=11148817;slow=0;subs-only=0 :tmi.twitch.tv ROOMSTATE ${channel}`,
  ];
}

/** What tells a bot that its line was taken. */
function taken(line: string, channel: string): string {
  const nonce = /client-nonce=([^; ]+)/.exec(line)?.[0];
  return `@badge-info=;badges=moderator/1;${nonce === undefined ? '' : `${nonce};`}color=;display-name=${ME};emote-sets=0;\
id=${uuid(++takenLines)};mod=1;subscriber=0;user-type=mod :tmi.twitch.tv USERSTATE ${channel}`;
}

let takenLines = 0;

/** A hundred people of each kind take turns. */
function spoken({ id, by, n, text }: Ask): string {
  const moderates = by === 'moderator';
  const person = `${by}${id % 100}`;
  return `@badge-info=subscriber/12;badges=${moderates ? 'moderator/1,' : ''}subscriber/12;client-nonce=${id};color=#1E90FF;\
display-name=${person};emotes=;first-msg=0;flags=;id=${uuid(id)};mod=${moderates ? 1 : 0};returning-chatter=0;room-id=11148817;\
subscriber=1;tmi-sent-ts=${Date.now()};turbo=0;user-id=${moderates ? 7 : 8}00000${100 + (id % 100)};\
user-type=${moderates ? 'mod' : ''} :${person}!${person}@${person}.tmi.twitch.tv PRIVMSG #square :!echo ${n} ${text}`;
}

function uuid(id: number): string {
  return `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`;
}
