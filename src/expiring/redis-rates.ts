import { systemClock, type Clock } from '#core/clock.ts';
import {
  NEVER,
  forgotten,
  oneMore,
  type FailureRule,
  type NotTaken,
  type RateStore,
  type RateUse,
  type Taken,
  type UseCount,
} from '#core/rate.ts';
import { memoryRates, type MemoryRates } from './memory-rates.ts';
import { FAILED, FORGET, GIVE_BACK, TAKE, type RateScript } from './rate-scripts.ts';
import { AWAY, RedisLine, type RedisAddress, type RedisHealth } from './redis-line.ts';

export interface RedisRatesOptions extends RedisAddress {
  /** Before every key: instances that share a Redis have different ones. */
  prefix: string;
  logger: { warn(facts: object, words: string): void };
  clock?: Clock;
}

/** Counts that all processes share. */
export interface SharedRates {
  rates: RateStore;
  health(): RedisHealth;
  close(): Promise<void>;
}

/**
 * Counts in Redis, by its clock. While it is away or slow this process counts by itself at once, from what it knows of each
 * key; when it is back it gets what it does not know. Connects in the background.
 */
export function redisRates(options: RedisRatesOptions): SharedRates {
  const { prefix, logger, clock = systemClock } = options;
  const line = new RedisLine({
    ...options,
    scripts: [TAKE, GIVE_BACK, FAILED, FORGET],
    probe: (redis) => redis.evalsha(FORGET.sha, 1, `${prefix}probe`, PROBE_MS),
    onAway: (why) => logger.warn({ why }, 'Redis is away: this process counts rates by itself'),
    onBack: (ms) =>
      logger.warn({ awaySeconds: Math.round(ms / 1000) }, 'Redis is back: rates are counted together again'),
  });
  return {
    rates: new RedisRates(line, prefix, clock),
    health: () => line.health(),
    close: () => line.close(),
  };
}

/** ms that the key of a probe stays. */
const PROBE_MS = 1_000;

type Argument = string | number;

class RedisRates implements RateStore {
  readonly #line: RedisLine;
  readonly #prefix: string;
  /** What this process knows of each key, in the time of Redis. */
  readonly #own: MemoryRates;
  readonly #clock: Clock;
  /** ms by which the clock of Redis is ahead of ours, and the last time that it told. */
  #ahead = 0;
  #told = 0;

  constructor(line: RedisLine, prefix: string, clock: Clock) {
    this.#line = line;
    this.#prefix = prefix;
    this.#clock = clock;
    this.#own = memoryRates(() => this.#now());
  }

  async take(uses: readonly RateUse[]): Promise<Taken | NotTaken> {
    if (uses.some(({ recall }) => recall !== undefined)) await this.#recall(uses);
    try {
      const answer = await this.#ask<TakeAnswer>(TAKE, uses, this.#takeArguments('count', uses));
      return this.#taken(uses, answer);
    } catch (error) {
      if (error !== AWAY) throw error;
      return this.#own.take(uses.map(({ recall: _known, ...use }) => use));
    }
  }

  async wait(uses: readonly RateUse[]): Promise<number> {
    try {
      const [, , seconds] = await this.#ask<TakeAnswer>(TAKE, uses, this.#takeArguments('look', uses));
      return seconds;
    } catch (error) {
      if (error !== AWAY) throw error;
      return this.#own.wait(uses);
    }
  }

  async failed(key: string, rule: FailureRule): Promise<void> {
    const { every, firstWait, longestWait, forgetAfter } = rule;
    const times = [firstWait, longestWait, forgetAfter].map(toMs);
    await this.#keep(FAILED, key, [every, ...times, written(this.#own.find(key))]).catch((error: unknown) => {
      if (error !== AWAY) throw error;
      return this.#own.failed(key, rule);
    });
  }

  async forget(key: string, { forgetAfter }: FailureRule): Promise<void> {
    await this.#keep(FORGET, key, [toMs(forgetAfter)]).catch((error: unknown) => {
      if (error !== AWAY) throw error;
      // Redis learns it when it is back.
      this.#own.learn(key, forgotten(this.#now()));
    });
  }

  /** Remembers what others keep, so that this process and Redis go on from there. */
  async #recall(uses: readonly RateUse[]): Promise<void> {
    const recalled = await Promise.all(uses.map(({ recall }) => recall?.()));
    recalled.forEach((count, index) => count && this.#own.learn((uses[index] as RateUse).key, count));
  }

  #takeArguments(mode: 'count' | 'look', uses: readonly RateUse[]): Argument[] {
    const args: Argument[] = [mode];
    for (const { key, rate, cooldownSeconds = 0 } of uses)
      args.push(rate.uses, toMs(rate.perSeconds), toMs(cooldownSeconds), written(this.#own.find(key)));
    return args;
  }

  #taken(uses: readonly RateUse[], [now, which, wait, why, ...texts]: TakeAnswer): Taken | NotTaken {
    this.#hear(now);
    if (which > 0) return { ok: false, wait, which: which - 1, why };
    const before = texts.map((text) => read(text) ?? NEVER);
    const counts = uses.map(({ key, rate }, index) => {
      const count = oneMore(before[index] as UseCount, rate, now);
      this.#own.put(key, count);
      return count;
    });
    return { ok: true, counts, giveBack: () => this.#giveBack(uses, counts, before) };
  }

  #giveBack(uses: readonly RateUse[], taken: readonly UseCount[], before: readonly UseCount[]): void {
    const args: Argument[] = [];
    uses.forEach(({ key }, index) => {
      const [after, until] = [taken[index] as UseCount, before[index] as UseCount];
      this.#own.takeBack(key, after, until);
      args.push(written(after), written(until));
    });
    // Where Redis is away just now the use stays counted there.
    this.#ask(GIVE_BACK, uses, args).catch(() => undefined);
  }

  async #keep(script: RateScript, key: string, args: Argument[]): Promise<void> {
    const [now, text] = await this.#ask<[now: number, text: string]>(script, [{ key }], args);
    this.#hear(now);
    const count = read(text);
    if (count) this.#own.put(key, count);
  }

  #hear(now: number): void {
    this.#ahead = now - this.#clock();
    this.#told = now;
  }

  /** Later than all that Redis has counted for us, however late we heard of it: else that would seem to be of another time. */
  #now(): number {
    return Math.max(this.#clock() + this.#ahead, this.#told + 1);
  }

  #ask<T>({ sha }: RateScript, uses: readonly { key: string }[], args: Argument[]): Promise<T> {
    const keys = uses.map(({ key }) => this.#prefix + key);
    return this.#line.ask((redis) => redis.evalsha(sha, keys.length, ...keys, ...args) as Promise<T>);
  }
}

/** See `TAKE`. */
type TakeAnswer = [now: number, which: number, wait: number, why: NotTaken['why'], ...before: string[]];

function toMs(seconds: number): number {
  return Math.round(seconds * 1000);
}

/** As the scripts write a key; '' where nothing is known. */
function written(count: UseCount | undefined): string {
  if (count === undefined || count.lastAt === -Infinity) return '';
  const { windowStart, used, lastAt, blockedUntil = 0 } = count;
  return [windowStart, used, lastAt, blockedUntil].map((number) => Math.max(0, Math.round(number))).join(' ');
}

function read(text: string): UseCount | undefined {
  if (text === '') return undefined;
  const [windowStart = 0, used = 0, lastAt = 0, blockedUntil = 0] = text.split(' ').map(Number);
  return { windowStart, used, lastAt, blockedUntil };
}
