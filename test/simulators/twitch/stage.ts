import type { Faults, Person, Room, Seen, Simulator } from '#test/simulators/shared/simulator.ts';
import { ban, barred, lengthOf, LONGEST, remove, say, type Speech } from './chat.ts';
import type { EventSub } from './eventsub.ts';
import { chanceFrom } from './faults.ts';
import type { Hub } from './hub.ts';
import type { Irc } from './irc.ts';
import { formatLine } from './irc-line.ts';
import { wire } from './irc-wire.ts';
import { texts } from './texts.ts';
import { SAMPLE } from './tokens.ts';
import {
  type Account,
  accountOf,
  type Channel,
  type ChatLine,
  channelOf,
  findAccount,
  loginOf,
  OWNER,
  tell,
  type World,
} from './world.ts';

/** The simulator as tests have it: what all of them offer, and what is Twitch's own. */
export interface Twitch extends Simulator {
  /** Resolves when a program is in all of these channels; without any, in every channel that there is. */
  connected(...rooms: string[]): Promise<void>;
  /** A person answers a message. Gives the id of the answer. */
  reply(person: string, room: string, parent: string, text: string): Promise<string>;
  /** A moderator removes one message. */
  deleteMessage(id: string): void;
  makeMod(person: string, room: string, on: boolean): void;
  makeVip(person: string, room: string, on: boolean): void;
  makeBotMod(room: string, on: boolean): void;
  timeoutBot(room: string, seconds: number): void;
  banBot(room: string): void;
  /** Ends a time-out or a ban of the bot. */
  pardonBot(room: string): void;
  /** Slow mode: so many seconds between two messages of one person; 0 ends it. */
  slowMode(room: string, seconds: number): void;
  /** The platform closes the channel, or opens it again. */
  suspend(room: string, on: boolean): void;
  goLive(room: string, on: boolean): void;
  /** A person takes another name. The id stays. */
  rename(person: string, name: string): void;
  /** Every access token stops working; who is connected to chat stays so. */
  expireTokens(): void;
  /** The bot's account disconnects the application: no token can be refreshed any more. */
  revokeRefreshToken(): void;
}

interface Ties {
  hub: Hub;
  irc: Irc;
  eventsub: EventSub;
  port: number;
  stop: () => Promise<void>;
}

export function createStage({ hub, irc, eventsub, port, stop }: Ties): Twitch {
  const { world, log } = hub;
  const page = `http://127.0.0.1:${port}/`;
  return {
    platform: 'twitch',
    page,
    env: envOf(world, port),
    people: peopleOf(world),
    rooms: world.channels.map(({ id, login }): Room => ({ id, name: login, kind: 'room' })),
    connected: (...rooms) =>
      inAll(irc, rooms.length > 0 ? rooms.map((room) => channelOf(world, room)) : world.channels),
    say: async (person, room, text) => type(hub, { person, room, text }),
    reply: async (person, room, parent, text) => type(hub, { person, room, text, parent: lineOf(world, parent).id }),
    seen: (room) =>
      channelOf(world, room)
        .lines.filter(({ gone }) => !gone)
        .map(seenOf),
    again: (id) => tell(world, { kind: 'message', line: lineOf(world, id) }),
    deleteMessage: (id) => remove(hub, lineOf(world, id)),
    ...actsOn(hub, eventsub),
    faults: faultsOf(hub, [irc, eventsub]),
    calls: log.calls,
    violations: log.violations,
    stop,
  };
}

function envOf(world: World, port: number): Record<string, string> {
  const host = `127.0.0.1:${port}`;
  return {
    TWITCH_CLIENT_ID: SAMPLE.id,
    TWITCH_CLIENT_SECRET: SAMPLE.secret,
    TWITCH_BOT_REFRESH_TOKEN: SAMPLE.refresh,
    TWITCH_CHANNELS: world.channels.map(({ login }) => login).join(','),
    TWITCH_IRC_URL: `ws://${host}/irc`,
    TWITCH_API_URL: `http://${host}/helix`,
    TWITCH_AUTH_URL: `http://${host}/oauth2`,
    TWITCH_EVENTSUB_URL: `ws://${host}/eventsub`,
  };
}

function peopleOf({ accounts, bot, channels }: World): Person[] {
  const owner = channels[0]?.owner;
  const others = accounts.filter((one) => one !== bot && !channels.some((channel) => channel.owner === one));
  const roles: Record<string, Person['role']> = { adam: 'admin', mona: 'moderator' };
  return [
    { id: owner?.id ?? '', name: OWNER, role: 'owner' },
    ...others.map(({ id, login, name }): Person => ({ id, name, role: roles[login] ?? 'member' })),
  ];
}

function inAll(irc: Irc, channels: Channel[]): Promise<void> {
  const there = (): boolean => {
    const joined = irc.joined();
    return channels.every((channel) => channel.suspended || joined.has(channel));
  };
  return new Promise((resolve) => {
    const look = (): void => {
      if (!there()) return;
      irc.unwatch(look);
      resolve();
    };
    irc.watch(look);
    look();
  });
}

interface Typed {
  person: string;
  room: string;
  text: string;
  parent?: string;
}

/** What the box on the platform's own page does with a line. */
function type(hub: Hub, { person, room, text, parent }: Typed): string {
  const channel = channelOf(hub.world, room);
  const author = accountOf(hub.world, person, channel);
  const speech: Speech = { channel, author, ...typed(text), ...(parent === undefined ? {} : { parent }) };
  const notice = barred(channel, author, hub.clock());
  if (notice) throw new Error(notice.text);
  return say(hub, speech).id;
}

function typed(raw: string): { text: string; action: boolean } {
  const line = raw.trim();
  if (line === '') throw new Error(texts.nothingTyped);
  if (lengthOf(line) > LONGEST) throw new Error(texts.tooLong);
  const [, word, rest = ''] = /^\/(\S*)\s*(.*)$/s.exec(line) ?? [];
  if (word === undefined) return { text: line, action: false };
  if (word.toLowerCase() !== 'me' || rest === '') throw new Error(texts.noSlash(`/${word}`));
  return { text: rest, action: true };
}

function lineOf({ channels }: World, id: string): ChatLine {
  for (const { lines } of channels) {
    const found = lines.find((line) => line.id === id);
    if (found) return found;
  }
  throw new Error(texts.noMessage(id));
}

function seenOf(line: ChatLine): Seen {
  const { id, channel, author, text, parent } = line;
  return {
    id,
    room: channel.id,
    author: { id: author.id, name: author.name, bot: author.bot },
    text,
    ...(parent ? { replyTo: parent.id } : {}),
    attachments: [],
    raw: formatLine(wire.message(line)),
  };
}

type Acts = Pick<
  Twitch,
  | 'makeMod'
  | 'makeVip'
  | 'makeBotMod'
  | 'timeoutBot'
  | 'banBot'
  | 'pardonBot'
  | 'slowMode'
  | 'suspend'
  | 'goLive'
  | 'rename'
  | 'expireTokens'
  | 'revokeRefreshToken'
>;

function actsOn(hub: Hub, eventsub: EventSub): Acts {
  const { world, tokens } = hub;
  const at = (room: string): Channel => channelOf(world, room);
  const put = (set: 'moderators' | 'vips') => (person: string, room: string, on: boolean) => {
    const account = accountOf(world, person, at(room));
    if (on) at(room)[set].add(account.id);
    else at(room)[set].delete(account.id);
  };
  return {
    makeMod: put('moderators'),
    makeVip: put('vips'),
    makeBotMod: (room, on) => put('moderators')(world.bot.login, room, on),
    timeoutBot: (room, seconds) => ban(hub, at(room), world.bot, seconds),
    banBot: (room) => ban(hub, at(room), world.bot),
    pardonBot: (room) => void at(room).bans.delete(world.bot.id),
    slowMode: (room, seconds) => change(world, at(room), { slow: seconds }, 'room'),
    suspend: (room, on) => change(world, at(room), { suspended: on }, on ? 'suspended' : undefined),
    goLive: (room, on) => change(world, at(room), { live: on }, 'live'),
    rename: (person, name) => rename(world, person, name),
    expireTokens: tokens.expireAll,
    revokeRefreshToken() {
      tokens.revokeGrants();
      eventsub.revoke('authorization_revoked');
    },
  };
}

type Told = 'room' | 'suspended' | 'live' | undefined;

function change(world: World, channel: Channel, what: Partial<Channel>, kind: Told): void {
  Object.assign(channel, what);
  if (kind) tell(world, { kind, channel });
}

function rename(world: World, person: string, name: string): void {
  const found: Account | undefined = findAccount(world, person);
  if (!found) throw new Error(texts.noPerson(person));
  Object.assign(found, { name, login: loginOf(name) });
}

function faultsOf({ faults }: Hub, servers: (Irc | EventSub)[]): Faults {
  return {
    disconnect: () => servers.forEach((server) => server.disconnect()),
    reconnect: () => servers.forEach((server) => server.reconnect()),
    silent: (on) => void (faults.silent = on),
    answer(status, times, { retryAfter, match = '' } = {}) {
      if (times <= 0) return;
      faults.planned.push({ status, times, match, ...(retryAfter === undefined ? {} : { retryAfter }) });
    },
    slow: (ms) => void (faults.slowMs = ms),
    loseAnswers: (times) => void (faults.lost = times),
    duplicate: (on) => void (faults.duplicate = on),
    random: (seed, rate) => void (faults.chance = rate && { next: chanceFrom(seed), rate }),
  };
}
