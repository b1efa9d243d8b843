import { texts } from './texts.ts';
import type { Channel, Kept, Member, SlackOptions, Wire } from './wire.ts';

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

export const TEAM = { id: 'T0SAMPLE', name: 'Sample', domain: 'sample' };
export const BOT = { id: 'U0GUILDHALL', botId: 'B0GUILDHALL', appId: 'A0GUILDHALL', name: 'Guildhall' };
export const OTHER_BOT = { id: 'U0WEATHER', botId: 'B0WEATHER', appId: 'A0WEATHER', name: 'Weather' };
export const SLACKBOT = { id: 'USLACKBOT', name: 'Slackbot' };

/** The people and channels of the one workspace, and the state of the app in it. */
export class Workspace {
  readonly members = new Map<string, Member>();
  readonly channels = new Map<string, Channel>();
  readonly violations: string[] = [];
  scopes: Set<string>;
  app: 'installed' | 'revoked' | 'uninstalled' = 'installed';
  #lastTs = 0;

  constructor(options: SlackOptions) {
    this.scopes = new Set(options.scopes);
    this.#addMember({ id: BOT.id, name: BOT.name, role: 'member', isBot: true });
    for (const name of ['square', 'trading-floor', ...options.rooms]) this.addChannel(name);
    for (const [name, role] of SAMPLE_PEOPLE) this.addPerson(name, role);
    for (const name of options.people) this.addPerson(name, 'member');
  }

  /** A new person is in every channel, and the bot has direct messages with everybody. */
  addPerson(name: string, role: Member['role']): Member {
    const member = this.#addMember({ id: `U0${idOf(name)}`, name, role, isBot: false });
    for (const channel of this.rooms()) channel.members.add(member.id);
    const direct = newChannel(`D0${idOf(name)}`, `dm:${name}`, 'direct');
    direct.members = new Set([member.id, BOT.id]);
    this.channels.set(direct.id, direct);
    return member;
  }

  /** A new channel has everybody in it, the bot too. */
  addChannel(name: string): Channel {
    const channel = newChannel(`C0${idOf(name)}`, name, 'room');
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

  #byName(name: string): Member | undefined {
    return [...this.members.values()].find((member) => member.name.toLowerCase() === name.toLowerCase());
  }
}

export function findMessage(channel: Channel, ts: string): Kept | undefined {
  return channel.messages.findLast((message) => message.wire.ts === ts);
}

/** What a bot's messages carry beside their text. */
export const botFields = (bot: typeof BOT): Wire => ({
  user: bot.id,
  bot_id: bot.botId,
  app_id: bot.appId,
  team: TEAM.id,
  bot_profile: { id: bot.botId, app_id: bot.appId, name: bot.name, deleted: false, team_id: TEAM.id },
});

const SAMPLE_PEOPLE: [name: string, role: Member['role']][] = [
  ['olga', 'owner'],
  ['adam', 'admin'],
  ['mona', 'moderator'],
  ['mia', 'member'],
  ['max', 'member'],
];

const idOf = (name: string): string => name.toUpperCase().replace(/[^A-Z0-9]/g, '');

function newChannel(id: string, name: string, kind: Channel['kind']): Channel {
  return { id, name, kind, members: new Set(), archived: false, created: Date.now(), messages: [] };
}
