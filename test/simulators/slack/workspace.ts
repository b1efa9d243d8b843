import { randomBytes } from 'node:crypto';
import { texts } from './texts.ts';
import type { Bot, Channel, Kept, Member, SlackOptions, Wire } from './wire.ts';

/** Lists that grow keep the newest so many. */
export const KEPT = 5_000;

/** Adds to a list and forgets the oldest. */
export function keep<T>(list: T[], ...items: T[]): void {
  list.push(...items);
  if (list.length > KEPT) list.splice(0, list.length - KEPT);
}

/** Forgets the oldest entries of a map that grows. */
export function keepNewest(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    if (map.size <= KEPT) return;
    map.delete(key);
  }
}

export const APP_ID = 'A0GUILDHALL';
/** The workspace whose ids hold no name. */
export const SAMPLE = 'Sample';
export const OTHER_BOT = { id: 'U0WEATHER', botId: 'B0WEATHER', appId: 'A0WEATHER', name: 'Weather' };
export const SLACKBOT = { id: 'USLACKBOT', name: 'Slackbot' };

/** The people and channels of one workspace, and the state of the app in it. */
export class Workspace {
  readonly members = new Map<string, Member>();
  readonly channels = new Map<string, Channel>();
  readonly violations: string[] = [];
  scopes: Set<string>;
  readonly team: { id: string; name: string; domain: string };
  readonly bot: Bot;
  app: 'installed' | 'revoked' | 'uninstalled';
  /** The app's in this workspace, until it is revoked. */
  token: string;
  readonly #mark: string;
  #lastTs = 0;

  constructor(options: SlackOptions) {
    const { team: name, installed } = options;
    this.scopes = new Set(options.scopes);
    this.app = installed ? 'installed' : 'uninstalled';
    this.#mark = name === SAMPLE ? '' : idOf(name);
    this.team = { id: `T0${idOf(name)}`, name, domain: name.toLowerCase() };
    this.bot = this.#botOf();
    this.token = name === SAMPLE ? TOKENS.bot : newToken();
    this.#addMember({ id: this.bot.id, name: this.bot.name, role: 'member', isBot: true });
    for (const room of ['square', 'trading-floor', ...options.rooms]) this.addChannel(room);
    for (const [person, role] of SAMPLE_PEOPLE) this.addPerson(person, role);
    for (const person of options.people) this.addPerson(person, 'member');
  }

  /** A new person is in every channel, and the bot has direct messages with everybody. */
  addPerson(name: string, role: Member['role']): Member {
    const member = this.#addMember({ id: `U0${this.#mark}${idOf(name)}`, name, role, isBot: false });
    for (const channel of this.rooms()) channel.members.add(member.id);
    const direct = this.#newChannel(`D0${this.#mark}${idOf(name)}`, `dm:${name}`, 'direct');
    direct.members = new Set([member.id, this.bot.id]);
    this.channels.set(direct.id, direct);
    return member;
  }

  /** A new channel has everybody in it, the bot too. */
  addChannel(name: string): Channel {
    const channel = this.#newChannel(`C0${this.#mark}${idOf(name)}`, name, 'room');
    for (const id of this.members.keys()) channel.members.add(id);
    this.channels.set(channel.id, channel);
    return channel;
  }

  rooms(): Channel[] {
    return [...this.channels.values()].filter((channel) => channel.kind === 'room');
  }

  /** By name or id; throws the sentence that a person would read. */
  person(nameOrId: string): Member {
    const found = this.members.get(nameOrId) ?? this.#byName(nameOrId);
    if (!found || found.isBot) throw new Error(texts.noSuchPerson(nameOrId));
    return found;
  }

  room(nameOrId: string): Channel {
    const wanted = nameOrId.replace(/^#/, '');
    const found = this.channels.get(wanted) ?? [...this.channels.values()].find(({ name }) => name === wanted);
    if (!found) throw new Error(texts.noSuchRoom(nameOrId));
    return found;
  }

  message(channel: Channel, ts: string): Kept {
    const found = findMessage(channel, ts);
    if (!found) throw new Error(texts.noSuchMessage(ts));
    return found;
  }

  /** Slack's id of a message within a channel: seconds and microseconds, always growing. */
  nextTs(): string {
    this.#lastTs = Math.max(this.#lastTs + 1, Date.now() * 1_000);
    return `${Math.floor(this.#lastTs / 1e6)}.${String(this.#lastTs % 1e6).padStart(6, '0')}`;
  }

  #addMember(member: Member): Member {
    this.members.set(member.id, member);
    return member;
  }

  #botOf(): Bot {
    const mark = this.#mark;
    return {
      id: `U0${mark}GUILDHALL`,
      botId: `B0${mark}GUILDHALL`,
      appId: APP_ID,
      name: 'Guildhall',
      team: this.team.id,
    };
  }

  #newChannel(id: string, name: string, kind: Channel['kind']): Channel {
    const { bot } = this;
    return { id, name, kind, bot, members: new Set(), archived: false, created: Date.now(), messages: [] };
  }

  #byName(name: string): Member | undefined {
    return [...this.members.values()].find((member) => member.name.toLowerCase() === name.toLowerCase());
  }
}

export function findMessage(channel: Channel, ts: string): Kept | undefined {
  return channel.messages.findLast((message) => message.wire.ts === ts);
}

/** What a bot's messages carry beside their text. */
export const botFields = (bot: Bot): Wire => ({
  user: bot.id,
  bot_id: bot.botId,
  app_id: bot.appId,
  team: bot.team,
  bot_profile: { id: bot.botId, app_id: bot.appId, name: bot.name, deleted: false, team_id: bot.team },
});

const SAMPLE_PEOPLE: [name: string, role: Member['role']][] = [
  ['olga', 'owner'],
  ['adam', 'admin'],
  ['mona', 'moderator'],
  ['mia', 'member'],
  ['max', 'member'],
];

const idOf = (name: string): string => name.toUpperCase().replace(/[^A-Z0-9]/g, '');

/** The sample tokens and secret. Any other is refused, unless the stand-in takes any of the right form. */
export const TOKENS = { bot: 'xoxb-sample-bot', app: 'xapp-sample-app', signing: 'sample-signing-secret' };

export const newToken = (): string => `xoxb-${randomBytes(12).toString('hex')}`;
