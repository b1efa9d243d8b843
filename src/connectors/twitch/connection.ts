import type { Timer } from '#bus/outbound-queue.ts';
import { eachLine, readLine, type IrcLine } from './irc-line.ts';
import type { Link, OpenLink } from './link.ts';
import { TEXTS } from './texts.ts';
import { LOGIN_FAILURES, type Times } from './twitch.external.ts';

/** How a connection ended. silent: nothing was heard, we cut it. */
export interface Ending {
  why: string;
  silent: boolean;
}

export interface ConnectionEvents {
  /** Logged in. */
  ready(connection: Connection): void;
  line(connection: Connection, line: IrcLine): void;
  loginRefused(connection: Connection, said: string): void;
  /** Twitch is about to end it and wants us to come anew. */
  reconnect(connection: Connection): void;
  /** Called once, and not after `close`. */
  ended(connection: Connection, ending: Ending): void;
}

export interface ConnectionOptions {
  open: OpenLink;
  url: string;
  login: string;
  token: string;
  times: Times;
  timer: Timer;
  events: ConnectionEvents;
}

/** One login to the chat: from opening a link to its end, with the watch over its heartbeat. */
export class Connection {
  /** When a frame came last. */
  heardAt: number;
  readonly #options: ConnectionOptions;
  readonly #link: Link;
  #state: 'opening' | 'ready' | 'over' = 'opening';
  /** A PING of ours is unanswered. */
  #asked = false;
  #unwatch: () => void = () => undefined;

  constructor(options: ConnectionOptions) {
    const { open, url, timer, times } = options;
    this.#options = options;
    this.heardAt = timer.now();
    this.#link = open(url, {
      opened: () => this.#logIn(),
      frame: (text) => this.#frame(text),
      closed: (why) => this.#end({ why, silent: false }),
    });
    this.#watch(times.loginWithin, () => this.#end({ why: TEXTS.noLogin, silent: false }));
  }

  get isReady(): boolean {
    return this.#state === 'ready';
  }

  send(frame: string): void {
    if (this.#state !== 'over') this.#link.send(frame);
  }

  /** Asks whether the server reads. The answer comes as a PONG line; without one the connection is cut. */
  ping(token: string): void {
    this.send(`PING :${token}\r\n`);
    if (this.#asked) return;
    this.#asked = true;
    this.#watch(this.#options.times.pongWithin, () => this.#endSilent());
  }

  close(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#unwatch();
    this.#link.cut();
  }

  /** Capabilities first, so that all that follows has tags: https://dev.twitch.tv/docs/chat/irc/#authenticating-with-the-twitch-irc-server */
  #logIn(): void {
    const { token, login } = this.#options;
    this.send('CAP REQ :twitch.tv/tags twitch.tv/commands\r\n');
    this.send(`PASS oauth:${token}\r\n`);
    this.send(`NICK ${login}\r\nCAP END\r\n`);
  }

  #frame(text: string): void {
    if (this.#state === 'over') return;
    this.heardAt = this.#options.timer.now();
    if (this.#asked && this.#state === 'ready') {
      this.#asked = false;
      this.#watchForSilence();
    }
    eachLine(text, (raw) => this.#line(readLine(raw)));
  }

  #line(line: IrcLine): void {
    const { events } = this.#options;
    if (line.command === 'PING') return this.send(`PONG :${line.text}\r\n`);
    if (line.command === 'RECONNECT') return events.reconnect(this);
    if (this.#state === 'ready') return events.line(this, line);
    if (line.command === '001') return this.#ready();
    if (line.command === 'NOTICE' && LOGIN_FAILURES.test(line.text)) {
      this.close();
      events.loginRefused(this, line.text);
    }
  }

  #ready(): void {
    this.#state = 'ready';
    this.#watchForSilence();
    this.#options.events.ready(this);
  }

  /** One timer that looks when it is due, and not one for each frame. */
  #watchForSilence(): void {
    const { times, timer } = this.#options;
    const left = this.heardAt + times.pingAfter - timer.now();
    this.#watch(Math.max(left, 1), () => {
      if (timer.now() - this.heardAt < times.pingAfter) this.#watchForSilence();
      else this.ping('guildhall');
    });
  }

  #endSilent(): void {
    const seconds = Math.round((this.#options.timer.now() - this.heardAt) / 1_000);
    this.#end({ why: TEXTS.silent(seconds), silent: true });
  }

  #end(ending: Ending): void {
    if (this.#state === 'over') return;
    this.close();
    this.#options.events.ended(this, ending);
  }

  #watch(ms: number, act: () => void): void {
    this.#unwatch();
    this.#unwatch = this.#options.timer.after(ms, act);
  }
}
