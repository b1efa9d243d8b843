import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayBot } from './discord.external.ts';

export interface StartsOptions {
  limit: GatewayBot['session_start_limit'];
  /** ms between two sign-ins. */
  everyMs: number;
  /** Told when the day's sign-ins are used up, with the time of the next, ms since 1970. */
  onNone(until: number): void;
}

/**
 * Sign-ins to the gateway. Discord takes some at once every five seconds, and a thousand a day; who goes over loses the
 * token. https://discord.com/developers/docs/events/gateway#session-start-limit-object
 */
export class Starts {
  readonly #options: StartsOptions;
  readonly #resetAt: number;
  #left: number;
  /** When the next may sign in, by its place among those that may at once. */
  readonly #next: number[] = [];

  constructor(options: StartsOptions) {
    this.#options = options;
    this.#left = options.limit.remaining;
    this.#resetAt = Date.now() + options.limit.reset_after;
  }

  /** Resolves when this connection may sign in. Rejects where the signal fires first. */
  async wait(id: number, signal: AbortSignal): Promise<void> {
    if (this.#left <= 0) await this.#waitForDay(signal);
    this.#left--;
    const place = id % Math.max(1, this.#options.limit.max_concurrency);
    const now = Date.now();
    const at = Math.max(now, this.#next[place] ?? 0);
    this.#next[place] = at + this.#options.everyMs;
    if (at > now) await pause(at - now, undefined, { signal });
    signal.throwIfAborted();
  }

  async #waitForDay(signal: AbortSignal): Promise<void> {
    this.#options.onNone(this.#resetAt);
    await pause(Math.max(0, this.#resetAt - Date.now()), undefined, { signal });
    this.#left = this.#options.limit.total;
  }
}
