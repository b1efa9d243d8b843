import { setTimeout as pause } from 'node:timers/promises';
import {
  DefaultWebSocketManagerOptions,
  WebSocketShardStatus,
  type FetchingStrategyOptions,
  type IContextFetchingStrategy,
  type SessionInfo,
  type WebSocketShard,
} from '@discordjs/ws';
import type { GatewayIntentBits } from 'discord-api-types/v10';
import { backoff, type Backoff } from './backoff.ts';
import type { GatewayBot } from './discord.external.ts';
import type { Starts } from './starts.ts';

export interface ShardContextOptions {
  token: string;
  info: GatewayBot;
  starts: Starts;
  /** What is to be heard. */
  intents: number;
  /** Pauses between openings; the first after a good connection has none. */
  reconnect: Backoff;
  /** ms until an opened connection must have said HELLO. */
  helloMs: number;
  /** Told each time a connection is opened. */
  opening(): void;
}

/**
 * What one connection of the library asks for. The library opens a lost connection again after half a second, for ever; here
 * it is held back for longer pauses, and for good once it is closed. A session is kept where only the network failed, so
 * that what was missed is replayed.
 */
export class ShardContext implements IContextFetchingStrategy {
  readonly options: FetchingStrategyOptions;
  readonly #given: ShardContextOptions;
  readonly #closing = new AbortController();
  #shard: WebSocketShard | undefined;
  #session: SessionInfo | null = null;
  /** HELLO came on this connection: the address is right. */
  #reached = false;
  /** Openings since the last connection that lasted. */
  #tries = 0;
  #readyAt: number | undefined;

  constructor(given: ShardContextOptions) {
    this.#given = given;
    this.options = {
      ...DefaultWebSocketManagerOptions,
      token: given.token,
      intents: given.intents as GatewayIntentBits,
      gatewayInformation: given.info,
      shardCount: given.info.shards,
      identifyProperties: { os: process.platform, browser: 'guildhall', device: 'guildhall' },
      handshakeTimeout: given.helloMs,
      helloTimeout: given.helloMs,
      readyTimeout: READY_MS,
    };
  }

  /** The connection that it is for. */
  serve(shard: WebSocketShard): void {
    this.#shard = shard;
  }

  /** HELLO was heard. */
  reached(): void {
    this.#reached = true;
  }

  /** READY or RESUMED was heard. */
  settled(): void {
    this.#readyAt = performance.now();
  }

  /** The session is of no use any more. */
  forget(): void {
    this.#session = null;
  }

  /** Nothing is opened any more. */
  close(): void {
    this.#closing.abort();
  }

  /** Asked by a connection that is idle: it is about to be opened. */
  retrieveSessionInfo(): SessionInfo | null | Promise<SessionInfo | null> {
    return this.#shard?.status === WebSocketShardStatus.Idle ? this.#beforeOpening() : this.#session;
  }

  updateSessionInfo(_id: number, session: SessionInfo | null): void {
    if (session === null && !this.#reached) return;
    this.#session = session;
  }

  waitForIdentify(id: number, signal: AbortSignal): Promise<void> {
    return this.#given.starts.wait(id, signal);
  }

  async #beforeOpening(): Promise<SessionInfo | null> {
    if (this.#readyAt !== undefined && performance.now() - this.#readyAt > LASTED_MS) this.#tries = 0;
    this.#readyAt = undefined;
    const tries = this.#tries++;
    const ms = tries <= FREE ? 0 : backoff(this.#given.reconnect, tries - FREE - 1);
    await pause(ms, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    // The library has no way to be told not to open: it waits here, and is forgotten.
    if (this.#closing.signal.aborted) return new Promise(() => undefined);
    this.#reached = false;
    this.#given.opening();
    return this.#session && this.#resumable(this.#session, tries);
  }

  /** The session's own address, in turn with the usual one where it cannot be reached. */
  #resumable(session: SessionInfo, tries: number): SessionInfo {
    const own = tries % 2 === FREE % 2 && isGatewayUrl(session.resumeURL);
    return own ? session : { ...session, resumeURL: this.#given.info.url };
  }
}

export function isGatewayUrl(url: unknown): boolean {
  return typeof url === 'string' && /^wss?:$/.test(URL.parse(url)?.protocol ?? '');
}

/** Openings without a pause: the first of all, and the first after a loss. */
const FREE = 1;

/** ms. A connection that was ready for so long counts as a good one. */
const LASTED_MS = 30_000;

/** ms from signing in to READY: large bots get a large one. The library's own is 15 s. */
const READY_MS = 30_000;
