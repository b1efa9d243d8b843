import { isIP } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis, type RedisOptions } from 'ioredis';
import type { RateScript } from './rate-scripts.ts';

export interface RedisAddress {
  /** `redis://` or `rediss://`, with user, password and database number where there are any. */
  url: string;
  /** The authority of its certificate, PEM; without it the system's own are trusted. */
  ca?: string;
}

export interface RedisHealth {
  up: boolean;
  /** What is missing, in words. */
  why?: string;
}

/** Told of comings and goings, once each. */
export interface RedisLineOptions extends RedisAddress {
  /** Loaded into each Redis before it is used. */
  scripts: readonly RateScript[];
  /** Does once what will be asked: one that answers but may not write, or has no memory left, is as good as away. */
  probe(redis: Redis): Promise<unknown>;
  onAway(why: string): void;
  onBack(awayMs: number): void;
}

/** Rejects where nothing was heard from Redis in time, or there is no connection. One for all: it is thrown often while Redis is away. */
export const AWAY = new Error('Redis is away');

/**
 * ms that a question to Redis may take. It answers in one or two where it is well; a packet that was lost is sent again after
 * 200 (https://datatracker.ietf.org/doc/html/rfc6298#section-2, with Linux's least time), and a busy machine may add as much.
 * Somebody waits for it once at most: then nothing more is asked until it is back.
 */
const ANSWER_MS = 500;

/** ms that a new connection may take, with TLS and signing in. Nobody waits for it. */
const CONNECT_MS = 2_000;

/** ms before connecting again; doubled up to the last, less a part by chance, so that not all processes come at once. */
const PAUSE_MS = { first: 100, last: 5_000 };

/** ms that a connection must have held for the next pause to be a first one again. */
const STEADY_MS = 10_000;

/** ms between two questions whether it is still there, so that this is known also where nothing else is asked. */
const ASK_MS = 5_000;

const CLOSED = 'the connection was closed';

interface Waiting {
  since: number;
  reject(error: Error): void;
}

/** A connection to Redis that comes back by itself. Nothing waits in it for a Redis that is away. */
export class RedisLine {
  readonly #options: RedisLineOptions;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  /** In the order of the calls. */
  readonly #waiting = new Set<Waiting>();
  #redis: Redis | undefined;
  #lost = Promise.withResolvers<string>();
  #why = 'not connected yet';
  #awaySince: number | undefined;
  #watch: NodeJS.Timeout | undefined;

  /** Begins to connect. */
  constructor(options: RedisLineOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Asks at once. Rejects with `AWAY` where there is no answer in time or an error; of several questions in the order of the calls. */
  ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = this.#redis;
    if (!redis) return Promise.reject(AWAY);
    return new Promise((resolve, reject) => {
      const waiting = { since: performance.now(), reject };
      this.#waiting.add(waiting);
      if (this.#watch === undefined) this.#watchFor(ANSWER_MS);
      question(redis).then(
        (answer) => {
          this.#waiting.delete(waiting);
          resolve(answer);
        },
        (error: Error) => {
          if (this.#waiting.has(waiting)) this.#drop(error.name === 'ReplyError' ? error.message : CLOSED);
        },
      );
    });
  }

  health(): RedisHealth {
    return this.#redis ? { up: true } : { up: false, why: this.#why };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#drop('closed');
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        const redis = await this.#connect();
        const heldSince = performance.now();
        this.#why = await this.#use(redis);
        if (performance.now() - heldSince > STEADY_MS) tries = 0;
      } catch (error) {
        this.#why = (error as Error).message;
      }
      if (!signal.aborted) this.#wentAway();
      await pause(pauseAfter(tries), undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** A connection of its own for each try, so that nothing of one that broke is left in the next. */
  async #connect(): Promise<Redis> {
    const redis = new Redis(this.#options.url, optionsOf(this.#options));
    let first: Error | undefined;
    // What the connection broke of; its promises say only that it broke.
    redis.on('error', (error: Error) => (first ??= error));
    try {
      await within(CONNECT_MS, this.#prepare(redis), this.#closing.signal);
      await within(ANSWER_MS, this.#options.probe(redis), this.#closing.signal);
      return redis;
    } catch (error) {
      redis.disconnect();
      throw first ?? error;
    }
  }

  async #prepare(redis: Redis): Promise<void> {
    await redis.connect();
    await Promise.all(this.#options.scripts.map(({ lua }) => redis.script('LOAD', lua)));
  }

  /** Lets questions through until the connection is lost; resolves to why it was. */
  async #use(redis: Redis): Promise<string> {
    this.#lost = Promise.withResolvers();
    redis.once('close', () => this.#redis === redis && this.#drop(CLOSED));
    this.#redis = redis;
    if (redis.status !== 'ready') this.#drop(CLOSED);
    this.#cameBack();
    const asking = setInterval(() => void this.ask((one) => one.ping()).catch(() => undefined), ASK_MS).unref();
    const why = await this.#lost.promise;
    clearInterval(asking);
    return why;
  }

  /** All who wait are told in their order, before anybody can ask anew. */
  #drop(why: string): void {
    const redis = this.#redis;
    if (!redis) return;
    this.#redis = undefined;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(AWAY);
    redis.disconnect();
    this.#lost.resolve(why);
  }

  #watchFor(ms: number): void {
    // What came meanwhile is read first: a process that was busy itself must not take that for a slow Redis.
    this.#watch = setTimeout(() => setImmediate(() => this.#look()), ms).unref();
  }

  #look(): void {
    this.#watch = undefined;
    const [oldest] = this.#waiting;
    if (!oldest) return;
    const left = oldest.since + ANSWER_MS - performance.now();
    if (left <= 0) this.#drop(`no answer within ${ANSWER_MS} ms`);
    else this.#watchFor(left);
  }

  #wentAway(): void {
    if (this.#awaySince !== undefined) return;
    this.#awaySince = performance.now();
    this.#options.onAway(this.#why);
  }

  #cameBack(): void {
    if (this.#awaySince !== undefined && this.#redis) this.#options.onBack(performance.now() - this.#awaySince);
    if (this.#redis) this.#awaySince = undefined;
  }
}

/** https://github.com/redis/ioredis#readme */
function optionsOf({ url, ca }: RedisAddress): Omit<RedisOptions, 'replyMapping'> {
  const { protocol, hostname } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  // A certificate is for a name; an address is none. https://datatracker.ietf.org/doc/html/rfc6066#section-3
  const tls = { ...(ca !== undefined && { ca }), ...(isIP(host) === 0 && { servername: host }) };
  return {
    lazyConnect: true,
    // What is asked in one turn of the loop travels together.
    enableAutoPipelining: true,
    // No reconnecting within, and nothing that waits for it: see RedisLine.
    retryStrategy: null,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    autoResendUnfulfilledCommands: false,
    disableClientInfo: true,
    connectTimeout: CONNECT_MS,
    ...(protocol === 'rediss:' && { tls }),
  };
}

function pauseAfter(tries: number): number {
  const most = Math.min(PAUSE_MS.last, PAUSE_MS.first * 2 ** Math.min(tries, 10));
  return most * (0.5 + Math.random() / 2);
}

async function within<T>(ms: number, work: Promise<T>, closing: AbortSignal): Promise<T> {
  const end = new AbortController();
  const signal = AbortSignal.any([closing, end.signal]);
  const late = pause(ms, undefined, { signal, ref: false }).then(() => {
    throw new Error(`no answer within ${ms} ms`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    end.abort();
    work.catch(() => undefined);
  }
}
