import type { Timer } from '#bus/outbound-queue.ts';
import type { PlatformLog } from '#core/platform.ts';
import { tagOf, type IrcLine } from './irc-line.ts';
import { TEXTS } from './texts.ts';
import { Window } from './pace.ts';
import { LIFTING_BADGES, type ChatLimits, type Times } from './twitch.external.ts';

/** A channel of TWITCH_CHANNELS, and what the bot is there. */
export interface Channel {
  readonly name: string;
  /** out: Twitch will not have us there; `why` is its code. A join that got no answer stays joining, with a `why`. */
  state: 'joining' | 'in' | 'out';
  why: string | undefined;
  /** The bot is the broadcaster, a moderator or a VIP. */
  privileged: boolean;
  /** Seconds of slow mode; 0 is off. It does not hold for who is privileged. */
  slow: number;
}

export interface ChannelsOptions {
  names: readonly string[];
  limits: ChatLimits;
  times: Times;
  timer: Timer;
  log: PlatformLog;
  /** No join is open any more. */
  settled(): void;
  /** Joins were sent. */
  joined(): void;
}

/** The channels, joined within Twitch's limit, over any number of connections. */
export class Channels {
  readonly #options: ChannelsOptions;
  readonly #all = new Map<string, Channel>();
  readonly joins: Window;
  /** ms until the next try of channels that gave no answer; it doubles. */
  #rejoinIn = 0;
  #toJoin: Channel[] = [];
  #say: ((frame: string) => void) | undefined;
  #cancels = new Set<() => void>();

  constructor(options: ChannelsOptions) {
    this.#options = options;
    this.joins = new Window(options.limits.joinWindowMs);
    for (const given of options.names) {
      const name = given.trim().toLowerCase().replace(/^#/, '');
      if (name !== '') this.#all.set(name, { name, state: 'joining', why: undefined, privileged: false, slow: 0 });
    }
  }

  get(name: string): Channel | undefined {
    return this.#all.get(name);
  }

  /** Those that we are not in, with the reason, for the health page. */
  get failures(): string[] {
    return Object.entries(this.away).map(([name, why]) => `#${name} (${why})`);
  }

  /** The same, by the channel's name. */
  get away(): Record<string, string> {
    const away = [...this.#all.values()].flatMap(({ name, why }) => (why === undefined ? [] : [[name, why] as const]));
    return Object.fromEntries(away);
  }

  /** A new connection: joins them all over it. */
  enter(say: (frame: string) => void): void {
    this.leave();
    this.#say = say;
    this.#rejoinIn = this.#options.times.rejoinFirst;
    this.#join([...this.#all.values()]);
    this.#after(this.#rejoinIn, () => this.#again());
  }

  /** The connection is gone. */
  leave(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
    this.#say = undefined;
    this.#toJoin = [];
    for (const channel of this.#all.values()) channel.state = 'joining';
  }

  /** ROOMSTATE: https://dev.twitch.tv/docs/chat/irc/#roomstate-tags. The first one for a channel says that we are in. */
  roomState({ target, tags }: IrcLine): void {
    const channel = this.get(target.slice(1));
    if (!channel) return;
    const slow = tagOf(tags, 'slow');
    if (slow !== '') channel.slow = Number(slow) || 0;
    if (channel.state === 'in') return;
    Object.assign(channel, { state: 'in', why: undefined });
    this.#options.log.info({ channel: channel.name, moderator: channel.privileged }, 'twitch: joined');
    this.#settle();
  }

  /** USERSTATE: what the bot is there, https://dev.twitch.tv/docs/chat/irc/#userstate-tags */
  userState({ target, tags }: IrcLine): void {
    const channel = this.get(target.slice(1));
    if (channel) channel.privileged = tagOf(tags, 'mod') === '1' || LIFTING_BADGES.test(tagOf(tags, 'badges'));
  }

  /** A notice that answers a join, or tells that the channel is gone. */
  notice({ target, tags }: IrcLine): void {
    const channel = this.get(target.slice(1));
    const code = tagOf(tags, 'msg-id');
    if (channel?.state === 'joining' ? code !== '' : code === 'msg_channel_suspended') this.#out(channel, code);
  }

  /** We left, or were sent away. */
  part({ target }: IrcLine): void {
    this.#out(this.get(target.slice(1)), TEXTS.sentAway);
  }

  #out(channel: Channel | undefined, why: string): void {
    if (!channel || channel.state === 'out') return;
    Object.assign(channel, { state: 'out', why });
    this.#options.log.warn({ channel: channel.name, code: why }, 'twitch: not in this channel');
    this.#settle();
  }

  #again(): void {
    const lost = [...this.#all.values()].filter(({ why }) => why !== undefined);
    for (const channel of lost) channel.state = 'joining';
    this.#join(lost);
    this.#rejoinIn = Math.min(2 * this.#rejoinIn, this.#options.times.rejoinEvery);
    this.#after(this.#rejoinIn, () => this.#again());
  }

  #join(channels: Channel[]): void {
    const waits = this.#toJoin.length > 0;
    this.#toJoin.push(...channels);
    if (!waits) this.#joinSome();
  }

  /** As many at once as the window lets through. */
  #joinSome(): void {
    const { limits, times, timer } = this.#options;
    const now = timer.now();
    const free = limits.joins - this.joins.count(now);
    const some = this.#toJoin.splice(0, free);
    if (some.length > 0) {
      for (const _ of some) this.joins.add(now);
      this.#options.joined();
      this.#say?.(`JOIN ${some.map(({ name }) => `#${name}`).join(',')}\r\n`);
      this.#after(times.joinWithin, () => this.#giveUp(some));
    }
    if (this.#toJoin.length > 0) this.#after(Math.max(1, this.joins.wait(limits.joins, now)), () => this.#joinSome());
  }

  #giveUp(channels: Channel[]): void {
    for (const channel of channels) {
      if (channel.state !== 'joining' || channel.why !== undefined) continue;
      channel.why = TEXTS.noSuchChannel;
      this.#options.log.warn({ channel: channel.name }, 'twitch: no answer to the join');
    }
    this.#settle();
  }

  #settle(): void {
    if ([...this.#all.values()].every(({ state, why }) => state === 'in' || why !== undefined)) this.#options.settled();
  }

  #after(ms: number, act: () => void): void {
    const cancel = this.#options.timer.after(ms, () => {
      this.#cancels.delete(cancel);
      act();
    });
    this.#cancels.add(cancel);
  }
}
