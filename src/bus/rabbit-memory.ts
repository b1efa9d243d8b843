import { hash } from 'node:crypto';
import type { Channel } from 'rabbitmq-client';

/** One delivery that the broker waits to hear about. */
export interface Copy {
  channel: Channel;
  tag: number;
}

/** A message in hand. */
export interface Work {
  /** What makes two deliveries the same message; undefined where its publisher gave it no id. */
  key: string | undefined;
  id: string;
  /** JSON text. */
  body: string;
  again: boolean;
  /** Times that it was handed back. */
  tries: number;
  /** Its deliveries: a lost connection brings it once more while it is in hand. */
  copies: Copy[];
  /** Its place in the order of arrival. */
  place: number;
  /** Times that it was held for the database, and how many others had been done at the last one. */
  held: number;
  doneThen: number;
}

/**
 * What this process knows of one channel, over all its connections: what it has in hand, and what it has just done. A
 * message of these that comes once more is not begun a second time. It saves work and looks at platforms; who must be sure
 * asks the database.
 */
export class ChannelMemory {
  readonly #inHand = new Map<string, Work>();
  readonly #done = new Set<string>();

  inHand(key: string | undefined): Work | undefined {
    return key === undefined ? undefined : this.#inHand.get(key);
  }

  isDone(key: string | undefined): boolean {
    return key !== undefined && this.#done.has(key);
  }

  take(work: Work): void {
    if (work.key !== undefined) this.#inHand.set(work.key, work);
  }

  /** It is not in hand any more; `done`: and need not come again. */
  leave(work: Work, done: boolean): void {
    if (work.key === undefined) return;
    if (this.#inHand.get(work.key) === work) this.#inHand.delete(work.key);
    if (done) this.#remember(work.key);
  }

  #remember(key: string): void {
    this.#done.add(key);
    if (this.#done.size <= REMEMBERED) return;
    const [oldest = ''] = this.#done;
    this.#done.delete(oldest);
  }
}

/** The id, and the body's digest: ids begin anew where a database was replaced. */
export function keyOf(id: string | undefined, body: string): string | undefined {
  return id === undefined || id === '' ? undefined : `${id} ${hash('sha1', body, 'base64url')}`;
}

/** Messages of one channel that were done last: more than a relay has on its way at once, 100 bytes each. */
const REMEMBERED = 10_000;
