import type { Channel } from 'rabbitmq-client';
import { wordsOf, type Link } from './rabbit-link.ts';

export interface ChannelUse {
  /** Makes a fresh channel fit for its use. Where it throws, another one is tried after a while. */
  setUp(channel: Channel): Promise<void>;
  /** It was lost or closed. What was under way on it has no answer. */
  lost?(channel: Channel): void;
}

/** An AMQP channel that is opened again whenever it, or its connection, is lost. */
export class LastingChannel {
  readonly #link: Link;
  readonly #use: ChannelUse;
  #open: Channel | undefined;
  #opening: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ready = withoutFuss(Promise.withResolvers<void>());
  readonly #listeners: (() => void)[] = [];
  readonly #forget: () => void;
  #ended = false;
  #failures = 0;
  #why: string | undefined;

  constructor(link: Link, use: ChannelUse) {
    this.#link = link;
    this.#use = use;
    this.#forget = link.onUp(() => this.#start());
    this.#start();
  }

  /** The channel while it can be used. */
  get open(): Channel | undefined {
    return this.#open?.active ? this.#open : undefined;
  }

  /** Why it cannot be used, in words. */
  get why(): string | undefined {
    return this.open ? undefined : (this.#link.why ?? this.#why ?? 'not ready yet');
  }

  /** Resolves when it can be used; rejects where it is closed before that. */
  ready(): Promise<void> {
    return this.open ? Promise.resolve() : this.#ready.promise;
  }

  /** Called whenever it can be used again. */
  onOpen(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Ends it for good. Messages that were not acknowledged go back to their queue. */
  async close(): Promise<void> {
    this.#ended = true;
    this.#forget();
    clearTimeout(this.#timer);
    this.#ready.reject(new Error('The channel was closed.'));
    await this.#open?.close();
  }

  /** Gives this channel up for another one. */
  renew(): void {
    void this.#open?.close();
  }

  #start(): void {
    if (this.#ended || this.#open || this.#opening || !this.#link.up) return;
    clearTimeout(this.#timer);
    this.#opening = this.#try().finally(() => (this.#opening = undefined));
  }

  async #try(): Promise<void> {
    let channel: Channel | undefined;
    try {
      const fresh = (channel = await this.#link.acquire());
      const since = performance.now();
      fresh.on('error', (error) => (this.#why = wordsOf(error)));
      fresh.once('close', () => this.#lost(fresh, performance.now() - since));
      await this.#use.setUp(fresh);
      if (!fresh.active) throw new Error('The channel was lost while it was set up.');
      if (this.#ended) return await fresh.close();
      this.#why = undefined;
      this.#open = fresh;
      this.#ready.resolve();
      for (const listener of this.#listeners) setImmediate(listener);
    } catch (error) {
      this.#why = wordsOf(error);
      this.#failures++;
      await channel?.close();
      this.#later();
    }
  }

  #lost(channel: Channel, livedMs: number): void {
    if (channel !== this.#open) return;
    this.#open = undefined;
    this.#ready = withoutFuss(Promise.withResolvers<void>());
    this.#failures = livedMs > STEADY_MS ? 0 : this.#failures + 1;
    this.#use.lost?.(channel);
    this.#later();
  }

  /** Where the connection is lost, the next one begins it anew. */
  #later(): void {
    if (this.#ended) return;
    const most = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** this.#failures);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#start(), most * (0.5 + Math.random() / 2));
  }
}

/** ms before a channel is tried again: doubled each time, a little less or more so that processes do not come together. */
const SHORTEST_MS = 50;
const LONGEST_MS = 5_000;

/** ms. A channel that lived so long was in order. */
const STEADY_MS = 10_000;

/** Somebody may ask for the promise, or nobody. */
function withoutFuss(one: PromiseWithResolvers<void>): PromiseWithResolvers<void> {
  one.promise.catch(() => undefined);
  return one;
}
