import { violations } from './texts.ts';
import type { SlackOptions } from './wire.ts';
import { keep, keepNewest } from './workspace.ts';

interface Bucket {
  tokens: number;
  at: number;
}

interface Wait {
  said: number;
  until: number;
}

/** A call that was on its way when we answered 429 is not the program's fault; on a busy machine both sides take their time. */
const ON_ITS_WAY_MS = 500;
/** Timers and clocks are not exact to the ms. */
const CLOCK_MS = 50;

/**
 * Counts calls: chat.postMessage by channel, about one a second with short bursts, and every other method by the minute.
 * https://docs.slack.dev/apis/web-api/rate-limits
 */
export class Limits {
  readonly #options: SlackOptions;
  readonly #violations: string[];
  readonly #buckets = new Map<string, Bucket>();
  readonly #waits = new Map<string, Wait>();

  constructor(options: SlackOptions, found: string[]) {
    this.#options = options;
    this.#violations = found;
  }

  /** Gives the seconds to wait, or nothing where the call may go on. Records a call that did not wait. */
  take(method: string, channel: string): number | undefined {
    const key = keyOf(method, channel);
    this.#recordEarly(method, key);
    const { burst, perSecond } = this.#rate(method);
    const now = performance.now();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1_000) * perSecond);
    const free = tokens >= 1;
    this.#buckets.set(key, { tokens: free ? tokens - 1 : tokens, at: now });
    keepNewest(this.#buckets);
    if (free) return undefined;
    const seconds = Math.max(1, Math.ceil((1 - tokens) / perSecond));
    this.mustWait(method, channel, seconds);
    return seconds;
  }

  /** Remembers that the program was told to wait. Told again while it should be waiting, it was told at the first time. */
  mustWait(method: string, channel: string, seconds: number): void {
    const key = keyOf(method, channel);
    const now = performance.now();
    const before = this.#waits.get(key);
    const said = before && before.until > now ? before.said : now;
    this.#waits.set(key, { said, until: now + seconds * 1_000 });
    keepNewest(this.#waits);
  }

  #rate(method: string): { burst: number; perSecond: number } {
    if (method === POST) return this.#options.postLimit;
    return { burst: this.#options.callsPerMinute, perSecond: this.#options.callsPerMinute / 60 };
  }

  #recordEarly(method: string, key: string): void {
    const wait = this.#waits.get(key);
    const now = performance.now();
    if (!wait || now < wait.said + ON_ITS_WAY_MS || now > wait.until - CLOCK_MS) return;
    keep(this.#violations, violations.early(method, Math.round(wait.until - now)));
  }
}

const POST = 'chat.postMessage';

const keyOf = (method: string, channel: string): string => (method === POST ? `${method} ${channel}` : method);
