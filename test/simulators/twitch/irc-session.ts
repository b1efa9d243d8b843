import type { WebSocket } from 'ws';
import { barred, lengthOf, speak } from './chat.ts';
import type { Hub } from './hub.ts';
import { insteadOf, losesAnswer } from './faults.ts';
import { formatLine, type IrcLine, type IrcParts, SERVER } from './irc-line.ts';
import { wire } from './irc-wire.ts';
import { texts } from './texts.ts';
import { type Account, type Channel, findChannel } from './world.ts';

/** One connection to the chat server. */
export interface Session {
  /** Marks what it says. */
  mark: symbol;
  hub: Hub;
  socket: WebSocket;
  caps: Set<string>;
  pass: string;
  /** The name that the connection goes by; empty before the login. */
  nick: string;
  /** Nobody for an anonymous reader. */
  account: Account | undefined;
  scopes: string[];
  joined: Set<Channel>;
  /** Somebody joined: for those who wait. */
  changed: () => void;
  everybodyIn: (channel: Channel) => string[];
}

/** Sends lines in one frame. A silent server sends nothing at all. */
export function send({ hub, socket, caps }: Session, ...lines: IrcParts[]): void {
  if (hub.faults.silent || socket.readyState !== socket.OPEN) return;
  const plain = !caps.has('twitch.tv/tags');
  const frame = lines.map(({ tags, ...rest }) => formatLine(plain || !tags ? rest : { tags, ...rest }));
  if (frame.length > 0) socket.send(`${frame.join('\r\n')}\r\n`);
}

/** Does what one line asks for, and gives its status as the log keeps it. */
export function receive(session: Session, line: IrcLine): number {
  const early = session.nick === '';
  const known = COMMANDS[line.command];
  if (!known) return unknown(session, line.command);
  if (early && !known.early) {
    session.hub.log.violation(texts.earlyLine(line.command));
    return 451;
  }
  return known.run(session, line);
}

interface Command {
  /** It may come before the login. */
  early?: boolean;
  run: (session: Session, line: IrcLine) => number;
}

const DONE = 200;
const ignored = (): number => DONE;

const COMMANDS: Record<string, Command> = {
  CAP: { early: true, run: capability },
  PASS: { early: true, run: (session, { params }) => ((session.pass = params[0] ?? ''), DONE) },
  NICK: { early: true, run: logIn },
  USER: { early: true, run: ignored },
  PING: { early: true, run: pong },
  PONG: { early: true, run: ignored },
  QUIT: { early: true, run: ({ socket }) => (socket.close(), DONE) },
  MODE: { run: ignored },
  JOIN: { run: (session, { params }) => each(params, (name) => join(session, name)) },
  PART: { run: (session, { params }) => each(params, (name) => part(session, name)) },
  PRIVMSG: { run: message },
};

const each = (params: string[], act: (name: string) => number): number =>
  Math.max(...(params[0] ?? '').split(',').map((name) => act(name)));

function unknown(session: Session, command: string): number {
  session.hub.log.violation(texts.unknownLine(command));
  send(session, { command: '421', params: [session.nick || '*', command], text: texts.unknownCommand });
  return 421;
}

const CAPABILITIES = ['twitch.tv/commands', 'twitch.tv/membership', 'twitch.tv/tags'];

function capability(session: Session, { params }: IrcLine): number {
  const [verb = '', list = ''] = params;
  const answer = (word: string, caps: string): void =>
    send(session, { command: 'CAP', params: ['*', word], text: caps });
  if (verb.toUpperCase() === 'LS') answer('LS', CAPABILITIES.join(' '));
  if (verb.toUpperCase() !== 'REQ') return DONE;
  const asked = list.split(' ').filter((one) => one !== '');
  if (asked.every((one) => CAPABILITIES.includes(one))) {
    for (const one of asked) session.caps.add(one);
    answer('ACK', asked.join(' '));
    return DONE;
  }
  session.hub.log.violation(texts.unknownCap(list));
  answer('NAK', asked.join(' '));
  return 400;
}

function pong(session: Session, { params }: IrcLine): number {
  send(session, { command: 'PONG', params: [SERVER], ...(params[0] === undefined ? {} : { text: params[0] }) });
  return DONE;
}

/** PASS goes before NICK, and NICK ends the login, whether or not capabilities were asked for. */
function logIn(session: Session, { params }: IrcLine): number {
  const nick = (params[0] ?? '').toLowerCase();
  if (session.nick !== '') return refuseLogin(session, undefined);
  if (/^justinfan\d+$/.test(nick)) return welcome(session, nick);
  const [, token = ''] = /^oauth:(\S+)$/.exec(session.pass) ?? [];
  if (token === '') return refuseLogin(session, texts.badPass);
  const access = session.hub.tokens.find(token);
  if (!access?.account || !access.scopes.includes('chat:read')) return refuseLogin(session, texts.badLogin);
  return enter(session, nick, access.account, access.scopes);
}

function enter(session: Session, nick: string, account: Account, scopes: string[]): number {
  const { log, limits } = session.hub;
  if (!limits.mayLogIn(account.login)) {
    log.violation(texts.manyLogins(account.login));
    return refuseLogin(session, texts.badLogin);
  }
  if (nick !== account.login) log.violation(texts.wrongNick(nick, account.login));
  session.account = account;
  session.scopes = scopes;
  return welcome(session, account.login);
}

function refuseLogin(session: Session, text: string | undefined): number {
  if (text !== undefined) send(session, { command: 'NOTICE', params: ['*'], text });
  session.socket.close();
  return 401;
}

function welcome(session: Session, nick: string): number {
  session.nick = nick;
  const says = (command: string, text: string): IrcParts => ({ command, params: [nick], text });
  const greeting = [
    says('001', 'Welcome, GLHF!'),
    says('002', `Your host is ${SERVER}`),
    says('003', 'This server is rather new'),
    says('004', '-'),
    says('375', '-'),
    says('372', 'You are in a maze of twisty passages, all alike.'),
    says('376', '>'),
  ];
  const state = session.account && hasCommands(session) ? [wire.globalUserState(session.account)] : [];
  send(session, ...greeting, ...state);
  return DONE;
}

export const hasCommands = ({ caps }: Session): boolean => caps.has('twitch.tv/commands');

function join(session: Session, name: string): number {
  const { hub, account, nick } = session;
  if (account && !hub.limits.mayJoin(account.login)) {
    hub.log.violation(texts.manyJoins(account.login));
    return 429;
  }
  const channel = findChannel(hub.world, name);
  const notice = barredFrom(session, channel);
  if (!channel || notice) return tellNotice(session, name, notice ?? SUSPENDED);
  if (session.joined.has(channel)) return DONE;
  session.joined.add(channel);
  const everybody = session.caps.has('twitch.tv/membership') ? session.everybodyIn(channel) : [nick];
  const states = account ? [wire.userState(channel, account), wire.roomState(channel)] : [wire.roomState(channel)];
  send(
    session,
    wire.join(nick, channel),
    ...wire.names(nick, channel, everybody),
    ...(hasCommands(session) ? states : []),
  );
  session.changed();
  return DONE;
}

/** Who is timed out may read; who is banned may not come in. */
function barredFrom({ hub, account }: Session, channel: Channel | undefined): { id: string; text: string } | undefined {
  if (!channel) return undefined;
  const who = account ?? channel.owner;
  const notice = barred(channel, who, hub.clock());
  return notice?.id === 'msg_timedout' ? undefined : notice;
}

function tellNotice(session: Session, channel: string, notice: { id: string; text: string }): number {
  if (hasCommands(session)) send(session, wire.notice(channel, notice));
  return 403;
}

function part(session: Session, name: string): number {
  const channel = findChannel(session.hub.world, name);
  if (!channel || !session.joined.delete(channel)) return 403;
  send(session, wire.part(session.nick, channel));
  session.changed();
  return DONE;
}

function message(session: Session, { params, tags }: IrcLine): number {
  const { hub, account } = session;
  const [name = '', raw = ''] = params;
  const channel = findChannel(hub.world, name);
  if (!account) hub.log.violation(texts.mute(session.nick));
  if (!channel || !account) return channel ? 401 : tellNotice(session, name, SUSPENDED);
  if (!session.scopes.includes('chat:edit')) return tellNotice(session, name, NO_PERMISSION);
  const { text, action, command } = readText(raw);
  if (command) return refuseCommand(session, name, text);
  const instead = insteadOf(hub.faults, `PRIVMSG #${channel.login}`, true);
  if (instead) return instead.status === 429 ? limited(session, name) : instead.status;
  return post(session, { author: account, channel, text, action, from: session.mark, ...replyOf(tags) });
}

export const SUSPENDED = { id: 'msg_channel_suspended', text: texts.suspended };
const NO_PERMISSION = { id: 'no_permission', text: texts.noPermission };

/** A line that begins with / or . and a letter is a command. Of those, only /me is left to the chat server. */
function readText(raw: string): { text: string; action: boolean; command: boolean } {
  const me = /^[/.]me\s+(.*)$/is.exec(raw);
  const acted = raw.startsWith(ACTION) ? raw.slice(ACTION.length).replaceAll('\u0001', '') : me?.[1];
  if (acted !== undefined) return { text: acted, action: true, command: false };
  return { text: raw, action: false, command: /^\s*[/.][a-z]/i.test(raw) };
}

/** How IRC has marked an action since long ago. */
const ACTION = '\u0001ACTION ';

function refuseCommand(session: Session, channel: string, text: string): number {
  session.hub.log.violation(texts.overSlash(text));
  tellNotice(session, channel, { id: 'unrecognized_cmd', text: texts.noCommands });
  return 400;
}

function limited(session: Session, channel: string): number {
  tellNotice(session, channel, { id: 'msg_ratelimit', text: texts.tooQuick });
  return 429;
}

function replyOf(tags: Record<string, string>): { parent?: string; nonce?: string } {
  const parent = tags['reply-parent-msg-id'];
  const nonce = tags['client-nonce'];
  return { ...(parent === undefined ? {} : { parent }), ...(nonce === undefined ? {} : { nonce }) };
}

function post(session: Session, speech: Parameters<typeof speak>[1]): number {
  const spoken = speak(session.hub, speech);
  const name = `#${speech.channel.login}`;
  if (!('line' in spoken)) {
    if (spoken.notice) tellNotice(session, name, spoken.notice);
    return STATUS[spoken.code] ?? (lengthOf(speech.text) > 0 ? 429 : 412);
  }
  if (losesAnswer(session.hub.faults)) session.socket.terminate();
  else if (hasCommands(session)) send(session, wire.userState(speech.channel, speech.author, spoken.line));
  return DONE;
}

const STATUS: Record<string, number> = {
  msg_banned: 403,
  msg_timedout: 403,
  msg_channel_suspended: 403,
  msg_too_long: 413,
  msg_duplicate: 409,
};
