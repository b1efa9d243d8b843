import type { Timer } from '#bus/outbound-queue.ts';
import type { PlatformLog, PlatformState } from '#core/platform.ts';
import type { Access, AccessKeeper } from './access.ts';
import type { Channels } from './channels.ts';
import { Connection, type ConnectionEvents, type Ending } from './connection.ts';
import type { IrcLine } from './irc-line.ts';
import type { OpenLink } from './link.ts';
import { SignInRefused, Trouble } from './sign-in.ts';
import { TEXTS } from './texts.ts';
import type { Times } from './twitch.external.ts';

export interface SessionOptions {
  open: OpenLink;
  url: string;
  times: Times;
  timer: Timer;
  access: AccessKeeper;
  channels: Channels;
  log: PlatformLog;
  /** Each line behind the login. `isCurrent`: not from a connection that is about to be left. */
  line(line: IrcLine, connection: Connection, isCurrent: boolean): void;
  /** No answer to a line that went over this connection will come any more. */
  lost(connection: Connection): void;
}

/**
 * Keeps the bot in the chat for ever: signs in, connects, and after an end connects again with growing pauses. It gives up
 * only where Twitch refuses the token. When Twitch asks for a change, the old connection is read until the new one is in.
 */
export class Session implements ConnectionEvents {
  readonly #options: SessionOptions;
  #state: PlatformState = 'starting';
  #why: string | undefined = TEXTS.starting;
  #heardAt: number | undefined;
  #current: Connection | undefined;
  /** Logs in, and takes the place of the current one then. */
  #next: Connection | undefined;
  /** Is only read, for a moment. */
  #former: Connection | undefined;
  /** A new connection is on its way: waited for, signing in, or opening. */
  #pursues = false;
  #tried = 0;
  /** The token of this try was fetched for it. */
  #isFresh = false;
  /** The chat did not take it. */
  #stale: Access | undefined;
  #over = false;
  #cancelTry: () => void = nothing;
  #cancelCheck: () => void = nothing;
  #cancelFormer: () => void = nothing;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#pursue(0);
    this.#checkLater();
  }

  /** Ends it all for good. */
  stop(): void {
    this.#over = true;
    for (const cancel of [this.#cancelTry, this.#cancelCheck, this.#cancelFormer]) cancel();
    for (const one of [this.#former, this.#current, this.#next]) this.#leave(one);
    this.#current = undefined;
    this.#options.channels.leave();
  }

  /** The connection that lines may go over. */
  get current(): Connection | undefined {
    return this.#current;
  }

  get state(): PlatformState {
    return this.#state;
  }

  /** What is wrong: with the connection, or else with single channels. */
  get why(): string | undefined {
    if (this.#state !== 'up') return this.#why;
    const { failures } = this.#options.channels;
    return failures.length > 0 ? TEXTS.notIn(failures) : undefined;
  }

  /** Channels that the bot is not in while it is in others, and why. */
  get away(): Record<string, string> {
    return this.#state === 'up' ? this.#options.channels.away : {};
  }

  get heardAt(): number | undefined {
    return this.#current?.heardAt ?? this.#heardAt;
  }

  /** The new connection is in the channels. The old one is read until a line that is on its way there is answered. */
  settled(): void {
    if (this.#former) this.#leaveFormer(2 * this.#options.times.ack);
  }

  ready(connection: Connection): void {
    this.#pursues = false;
    this.#tried = 0;
    this.#next = undefined;
    this.#leave(this.#former);
    this.#former = this.#current;
    this.#current = connection;
    this.#state = 'up';
    this.#options.log.info({}, 'twitch: connected');
    this.#leaveFormer(this.#options.times.overlap);
    this.#options.channels.enter((frame) => connection.send(frame));
  }

  line(connection: Connection, line: IrcLine): void {
    this.#options.line(line, connection, connection === this.#current);
  }

  /** The token may have run out since it was fetched. One that was fetched just now will not get better. */
  loginRefused(_connection: Connection, said: string): void {
    this.#next = undefined;
    this.#pursues = false;
    this.#stale = this.#options.access.known;
    if (this.#isFresh) this.#refuse(TEXTS.refusedLogin(said));
    else this.#pursue(0);
  }

  reconnect(connection: Connection): void {
    if (connection === this.#current) this.#pursue(0);
  }

  ended(connection: Connection, { why, silent }: Ending): void {
    this.#heardAt = connection.heardAt;
    this.#options.lost(connection);
    if (connection === this.#former) {
      this.#former = undefined;
      return;
    }
    if (connection === this.#next) this.#pursues = false;
    if (connection === this.#current) this.#options.channels.leave();
    this.#forget(connection);
    this.#options.log.warn({ why }, 'twitch: the connection ended');
    this.#trouble(silent ? 'silent' : 'down', silent ? why : TEXTS.cutOff(why));
  }

  #forget(connection: Connection): void {
    if (connection === this.#next) this.#next = undefined;
    if (connection === this.#current) this.#current = undefined;
  }

  /** Says what is wrong where nothing is left that works, and tries again after a pause. */
  #trouble(state: PlatformState, why: string): void {
    if (!this.#current) {
      this.#state = state;
      this.#why = why;
    }
    this.#pursue(this.#pause());
  }

  #pursue(ms: number): void {
    if (this.#pursues || this.#over) return;
    this.#pursues = true;
    this.#cancelTry = this.#options.timer.after(ms, () => void this.#try());
  }

  async #try(): Promise<void> {
    const { open, url, times, timer } = this.#options;
    try {
      const { token, login } = await this.#signIn();
      if (this.#over) return;
      this.#next = new Connection({ open, url, login, token, times, timer, events: this });
    } catch (error) {
      this.#pursues = false;
      this.#failed(error);
    }
  }

  async #signIn(): Promise<Access> {
    const { access } = this.#options;
    const before = access.known;
    const found = this.#stale ? await access.renew(this.#stale) : await access.current();
    this.#isFresh = found !== before;
    this.#stale = undefined;
    return found;
  }

  #failed(error: unknown): void {
    if (this.#over) return;
    if (error instanceof SignInRefused) return this.#refuse(error.message);
    const said = error instanceof Error ? error.message : 'unknown';
    const why = error instanceof Trouble ? TEXTS.noAnswer('sign-in server', said) : TEXTS.cutOff(said);
    this.#options.log.warn({ why }, 'twitch: no connection');
    this.#trouble('down', why);
  }

  /** Nothing is tried any more; what waits to be said stays in the outbox. */
  #refuse(why: string): void {
    this.stop();
    this.#state = 'refused';
    this.#why = why;
    this.#options.log.error({ why }, 'twitch: refused');
  }

  /** Doubles from the least to the most, give or take a quarter: many bots do not come back all at once. */
  #pause(): number {
    const { backOffLeast, backOffMost } = this.#options.times;
    const ms = Math.min(backOffMost, backOffLeast * 2 ** Math.min(this.#tried++, 16));
    return ms * (0.75 + Math.random() / 2);
  }

  #checkLater(): void {
    const { timer, times, access } = this.#options;
    this.#cancelCheck = timer.after(times.validateEvery, () => {
      this.#checkLater();
      if (this.#state === 'up') access.check().catch((error: unknown) => this.#checkFailed(error));
    });
  }

  /** Trouble is left alone: the chat goes on without the sign-in server. */
  #checkFailed(error: unknown): void {
    if (error instanceof SignInRefused && !this.#over) this.#refuse(error.message);
  }

  #leaveFormer(ms: number): void {
    this.#cancelFormer();
    this.#cancelFormer = this.#options.timer.after(ms, () => {
      this.#leave(this.#former);
      this.#former = undefined;
    });
  }

  #leave(connection: Connection | undefined): void {
    if (!connection) return;
    connection.close();
    this.#options.lost(connection);
  }
}

const nothing = (): void => undefined;
