import { texts } from './texts.ts';

/** A user of the platform. `login` is small letters; `name` is the same with capitals as its owner likes them. */
export interface Account {
  id: string;
  login: string;
  name: string;
  color: string;
  bot: boolean;
}

/** A line in a chat. `text` is what was typed; the mention that Twitch puts before a reply is not in it. */
export interface ChatLine {
  id: string;
  channel: Channel;
  author: Account;
  text: string;
  action: boolean;
  at: number;
  first: boolean;
  nonce?: string;
  /** What it answers, and what the whole thread hangs from. */
  parent?: Quoted;
  thread?: Quoted;
  /** The mark of the connection that said it, which gets no echo. */
  from?: symbol;
  gone: boolean;
}

/** A line as an answer remembers it. It holds no other line, so that a long thread can be forgotten. */
export type Quoted = Pick<ChatLine, 'id' | 'author' | 'text'>;

export interface Channel {
  /** The room id, which is the user id of the channel's owner. */
  id: string;
  login: string;
  owner: Account;
  moderators: Set<string>;
  vips: Set<string>;
  /** Account id → when it ends, in ms; Infinity for a ban. */
  bans: Map<string, number>;
  spoke: Set<string>;
  /** Seconds of slow mode; 0 is off. */
  slow: number;
  suspended: boolean;
  live: boolean;
  title: string;
  lines: ChatLine[];
}

/** What happens in the world, for whoever is connected. */
export type ChatEvent =
  | { kind: 'message'; line: ChatLine }
  | { kind: 'deleted'; line: ChatLine }
  | { kind: 'cleared'; channel: Channel; target?: Account; seconds?: number }
  | { kind: 'removed'; channel: Channel; account: Account }
  | { kind: 'room'; channel: Channel }
  | { kind: 'suspended'; channel: Channel }
  | { kind: 'live'; channel: Channel };

export interface World {
  bot: Account;
  accounts: Account[];
  channels: Channel[];
  listeners: Set<(event: ChatEvent) => void>;
}

/** The sample people, their channels, and the bot. `rooms` and `people` are more of them. */
export function createWorld({ rooms = [], people = [] }: { rooms?: string[]; people?: string[] } = {}): World {
  const bot = account('900', 'Guildhall', true);
  const world: World = { bot, accounts: [bot], channels: [], listeners: new Set() };
  const everybody = [...MODERATORS, ...MEMBERS, ...people];
  everybody.forEach((name, index) => world.accounts.push(account(String(101 + index), name)));
  for (const room of [...ROOMS, ...rooms]) addChannel(world, room);
  return world;
}

const MODERATORS = ['adam', 'mona'];
const MEMBERS = ['mia', 'max'];
const ROOMS = ['square', 'trading_floor'];

/** Owns every channel: what she says there, the channel's own user says. */
export const OWNER = 'olga';

export const account = (id: string, name: string, bot = false): Account => ({
  id,
  login: loginOf(name),
  name,
  color: COLORS[Number(id) % COLORS.length] ?? '',
  bot,
});

/** What people of the default colours get. */
const COLORS = ['#1E90FF', '#B22222', '#2E8B57', '#8A2BE2', '#D2691E'];

/** A login has letters, digits and the underscore only. */
export const loginOf = (name: string): string => name.toLowerCase().replace(/^#/, '').replaceAll('-', '_');

function addChannel(world: World, room: string): void {
  const owner = account(String(5001 + world.channels.length), loginOf(room));
  const moderators = world.accounts.filter(({ login }) => MODERATORS.includes(login)).map(({ id }) => id);
  world.accounts.push(owner);
  world.channels.push({
    id: owner.id,
    login: owner.login,
    owner,
    moderators: new Set(moderators),
    vips: new Set(),
    bans: new Map(),
    spoke: new Set(),
    slow: 0,
    suspended: false,
    live: false,
    title: `The ${owner.login}`,
    lines: [],
  });
}

/** Finds a channel by its name, with or without #, or by its id. Throws where there is none. */
export function channelOf(world: World, room: string): Channel {
  const found = findChannel(world, room);
  if (!found) throw new Error(texts.noChannel(room));
  return found;
}

export const findChannel = (world: World, room: string): Channel | undefined =>
  world.channels.find(({ id, login }) => id === room || login === loginOf(room));

/** Finds a user by name or id; the owner is the user of the channel that she speaks in. Throws where there is none. */
export function accountOf(world: World, person: string, channel: Channel): Account {
  const found = loginOf(person) === OWNER ? channel.owner : findAccount(world, person);
  if (!found) throw new Error(texts.noPerson(person));
  return found;
}

export const findAccount = (world: World, person: string): Account | undefined =>
  world.accounts.find(({ id, login }) => id === person || login === loginOf(person));

/** Whether the account is the broadcaster, a moderator or a VIP there: many limits are not for them. */
export const isPrivileged = (channel: Channel, { id }: Account): boolean =>
  mayModerate(channel, id) || channel.vips.has(id);

export const mayModerate = (channel: Channel, id: string): boolean => channel.id === id || channel.moderators.has(id);

export const tell = (world: World, event: ChatEvent): void => {
  for (const listener of world.listeners) listener(event);
};
