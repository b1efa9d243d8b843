import { setTimeout as pause } from 'node:timers/promises';
import { WebSocketShard, WebSocketShardEvents as Events, WebSocketShardStatus as Status } from '@discordjs/ws';
import { toRfc3339 } from '#core/clock.ts';
import { backoff, type Backoff } from './backoff.ts';
import type { Calls } from './calls.ts';
import { CLOSED, type Dispatch, type GatewayBot } from './discord.external.ts';
import { faultOf } from './faults.ts';
import type { Health } from './health.ts';
import type { Intents } from './intents.ts';
import { isGatewayUrl, ShardContext } from './shard-context.ts';
import { Starts } from './starts.ts';
import { TEXTS } from './texts.ts';

/** Where events come from. */
export interface Gateway {
  /** Begins to connect and comes back at once; from then on it sees to itself. */
  start(): void;
  /** No event comes after it. */
  stop(): Promise<void>;
}

/** All in ms. */
export interface GatewayTimes {
  /** A connection on which nothing was heard for so long is cut: Discord wants a heartbeat every 41 s, and answers it. */
  silentAfterMs: number;
  /** An opened connection must have said HELLO by then. */
  helloMs: number;
  /** Between two sign-ins; Discord asks for 5 s. */
  identifyEveryMs: number;
  reconnect: Backoff;
}

export interface GatewayOptions {
  token: string;
  calls: Calls;
  health: Health;
  intents: Intents;
  times: GatewayTimes;
  clock(): number;
  /** Gets every event, and must not throw. */
  dispatch(event: Dispatch): void;
}

/** One connection. */
interface Line {
  shard: WebSocketShard;
  context: ShardContext;
  ready: boolean;
  openedAt: number;
  heardAt: number;
  /** It was cut by us: its end is no news. */
  cut: boolean;
  /** It is given up: nothing that it says counts any more. */
  dropped: boolean;
}

/**
 * The library's connections, looked after: opened when Discord can be reached, again and again with growing pauses; cut when
 * nothing is heard; left alone where another try is of no use.
 */
export class DiscordGateway implements Gateway {
  readonly #options: GatewayOptions;
  readonly #stopping = new AbortController();
  #lines: Line[] = [];
  #watch: NodeJS.Timeout | undefined;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  start(): void {
    const every = this.#options.times.silentAfterMs / LOOKS;
    this.#watch = setInterval(() => this.#lines.forEach((line) => this.#look(line)), every).unref();
    void this.#open();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#watch);
    await this.#drop();
  }

  async #open(): Promise<void> {
    const info = await this.#askGateway();
    if (info) await this.#options.intents.look(this.#options.calls);
    if (!info || this.#stopping.signal.aborted) return;
    const { health, times } = this.#options;
    const starts = new Starts({
      limit: info.session_start_limit,
      everyMs: times.identifyEveryMs,
      onNone: (until) => health.set('down', TEXTS.noSessions(toRfc3339(until))),
    });
    this.#lines = Array.from({ length: info.shards }, (_, id) => this.#line(id, info, starts));
    // How it ends is told by events.
    for (const { shard } of this.#lines) void shard.connect().catch(() => undefined);
  }

  /** Where the gateway is. Asks until it is told; undefined where the token is not accepted. */
  async #askGateway(): Promise<GatewayBot | undefined> {
    const { calls, health, times } = this.#options;
    for (let tries = 0; !this.#stopping.signal.aborted; tries++) {
      let ms = backoff(times.reconnect, tries);
      try {
        const info = await calls.gateway();
        if (isUsable(info)) return info;
        health.set('down', TEXTS.unreachable(TEXTS.badGateway));
      } catch (error) {
        const fault = faultOf(error);
        if (fault.kind === 'token') return void health.set('refused', TEXTS.badToken, fault.code);
        if (fault.kind === 'later') ms = Math.max(ms, fault.ms ?? 0);
        health.set('down', TEXTS.unreachable(fault.words), fault.code);
      }
      await this.#pause(ms);
    }
    return undefined;
  }

  #line(id: number, info: GatewayBot, starts: Starts): Line {
    const { token, times, clock } = this.#options;
    const opening = (): void => {
      line.openedAt = line.heardAt = clock();
      line.cut = false;
    };
    const { reconnect, helloMs } = times;
    const intents = this.#options.intents.bits;
    const context = new ShardContext({ token, info, starts, intents, reconnect, helloMs, opening });
    const shard = new WebSocketShard(context, id);
    context.serve(shard);
    const now = clock();
    const line: Line = { shard, context, ready: false, openedAt: now, heardAt: now, cut: false, dropped: false };
    this.#listen(line);
    return line;
  }

  #listen(line: Line): void {
    const { shard, context } = line;
    shard.on(Events.Hello, () => {
      this.#heard(line);
      context.reached();
    });
    shard.on(Events.HeartbeatComplete, () => this.#heard(line));
    shard.on(Events.Ready, () => this.#ready(line));
    shard.on(Events.Resumed, () => this.#ready(line));
    shard.on(Events.Dispatch, ({ data }) => {
      this.#heard(line);
      if (!line.dropped) this.#options.dispatch(data);
    });
    shard.on(Events.Debug, ({ message }) => message.includes(ZOMBIE) && this.#silent(line));
    shard.on(Events.Closed, ({ code }) => this.#closed(line, code));
    shard.on(Events.Error, ({ error }) => this.#failed(line, error));
  }

  #heard(line: Line): void {
    line.heardAt = this.#options.clock();
    this.#options.health.heard(line.heardAt);
  }

  #ready(line: Line): void {
    line.ready = true;
    line.context.settled();
    if (this.#lines.every((one) => one.ready)) this.#options.health.up();
  }

  #closed(line: Line, code: number): void {
    line.ready = false;
    const known = line.cut || line.dropped;
    line.cut = false;
    if (known || code === CLOSED.byUs) return;
    const { health } = this.#options;
    if (code === CLOSED.disallowedIntents && this.#options.intents.drop()) {
      health.set('down', TEXTS.closed(code), code);
      return void this.#reopen();
    }
    if (code === CLOSED.badToken) this.#giveUp(TEXTS.badToken, code);
    else if (code === CLOSED.badVersion) this.#giveUp(TEXTS.badVersion, code);
    else if (code === CLOSED.badIntents || code === CLOSED.disallowedIntents)
      this.#giveUp(TEXTS.badIntents(code), code);
    else if (code === CLOSED.lost) health.set('down', TEXTS.unreachable(TEXTS.broken), code);
    else health.set('down', TEXTS.closed(code), code);
    if (code === CLOSED.invalidShard || code === CLOSED.shardingRequired) void this.#reopen();
  }

  /** Of a connection that is being opened. What Discord itself ends is told as `closed` before. */
  #failed(line: Line, error: Error): void {
    if (line.cut || line.dropped) return;
    const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
    this.#options.health.set('down', TEXTS.unreachable(code ?? error.message.slice(0, WORDS)), code);
  }

  /** Cuts a connection on which nothing is heard, or that resumes and does not come to an end of it. */
  #look(line: Line): void {
    const { times, clock } = this.#options;
    if (line.shard.status === Status.Idle || line.cut) return;
    if (clock() - line.heardAt > times.silentAfterMs) return this.#silent(line);
    if (line.shard.status !== Status.Resuming || clock() - line.openedAt < times.silentAfterMs * STUCK) return;
    line.context.forget();
    this.#cut(line);
  }

  /** Found by us, or by the library where a heartbeat was not answered before the next. */
  #silent(line: Line): void {
    const { health, clock } = this.#options;
    health.set('silent', TEXTS.silent(Math.round((clock() - line.heardAt) / 1_000)));
    this.#cut(line);
  }

  #cut(line: Line): void {
    line.cut = true;
    line.ready = false;
    cut(socketOf(line.shard));
  }

  #giveUp(why: string, code: number): void {
    this.#options.health.set('refused', why, code);
    void this.#drop();
  }

  /** Discord wants another number of connections than it proposed at the start. */
  async #reopen(): Promise<void> {
    await this.#drop();
    await this.#pause(this.#options.times.reconnect.most);
    await this.#open();
  }

  async #drop(): Promise<void> {
    const lines = this.#lines;
    this.#lines = [];
    for (const line of lines) {
      line.dropped = true;
      line.context.close();
    }
    await Promise.all(lines.map(({ shard }) => close(socketOf(shard))));
  }

  #pause(ms: number): Promise<void> {
    return pause(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}

/** What the library calls a connection whose heartbeats are not answered. It tells so in words alone. */
const ZOMBIE = 'Zombie connection';

/** Looks at a connection within the time that makes it silent. */
const LOOKS = 4;

/** Times the silence that a session may take to be resumed: what was missed comes before its end. */
const STUCK = 2;

/** Characters of the network's own words. */
const WORDS = 120;

function isUsable(info: GatewayBot): boolean {
  return isGatewayUrl(info.url) && Number.isInteger(info.shards) && info.shards > 0 && !!info.session_start_limit;
}

/** The part of the library's socket that is used: to cut a connection it offers no way of its own that does not wait for the other side. */
type Socket = Pick<WebSocket, 'readyState' | 'close' | 'addEventListener'> & { terminate(): void };

function socketOf(shard: WebSocketShard): Socket | null {
  return shard['connection'] as Socket | null;
}

/** Ends it without a goodbye. */
function cut(socket: Socket | null): void {
  // The library takes its own listener away too early, and an error that nobody listens to ends the process.
  socket?.addEventListener('error', () => undefined);
  socket?.terminate();
}

/** Says goodbye, and waits a second for the other side's. */
async function close(socket: Socket | null): Promise<void> {
  if (!socket || socket.readyState === WebSocket.CLOSED) return;
  const closed = new Promise((resolve) => socket.addEventListener('close', resolve));
  if (socket.readyState === WebSocket.OPEN) socket.close(GOODBYE);
  else cut(socket);
  const late = setTimeout(() => cut(socket), GOODBYE_MS);
  await closed;
  clearTimeout(late);
}

/** The code that ends the session too: the bot is shown as gone at once. */
const GOODBYE = 1_000;
const GOODBYE_MS = 1_000;
