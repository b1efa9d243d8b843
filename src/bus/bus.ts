/**
 * Channels whose messages must not be lost: their publishers are outbox relays. `outgoing` is parted by platform, so that
 * one that is slow or away holds up nobody else; `incoming` may be parted so that several bots share it.
 */
export type DurableChannel = 'incoming' | `incoming.${number}` | 'jobs' | `outgoing.${string}`;

/** The part of `outgoing` that a platform's connector takes. */
export function outgoingTo(platform: string): DurableChannel {
  return `outgoing.${platform}`;
}

/** The part of `incoming` for all that has this key, such as a platform and a room: what has one key keeps its order. */
export function incomingOf(key: string, parts: number): DurableChannel {
  return parts === 1 ? 'incoming' : `incoming.${fnv1a(key) % parts}`;
}

/** All parts of `incoming` on a bus that has so many. */
export function incomingParts(parts: number): DurableChannel[] {
  return parts === 1 ? ['incoming'] : Array.from({ length: parts }, (_, part): DurableChannel => `incoming.${part}`);
}

/** Live fan-out to every hall process; what is lost is healed by a room's numbers. */
export type LiveChannel = 'rooms';

/** Handles one message. Throwing hands it back: it comes again later. */
export type Handler = (body: unknown, delivery: Delivery) => Promise<void>;

export interface Delivery {
  /** It may have been handled before: by a process that ended in the middle, or by a handler that threw. */
  again: boolean;
}

/** One taker of a channel. */
export interface Subscription {
  /**
   * Takes no more, and resolves when what is in hand is done, after `graceMs` at the latest. What is not done then, or was
   * handed back, goes to another taker, or comes again to the next one, in its order.
   */
  stop(graceMs: number): Promise<void>;
}

/** Whether messages pass. `why` says in words what is missing. */
export interface BusHealth {
  up: boolean;
  why?: string;
}

/** What joins the parts of the program. Bodies are JSON whichever bus it is. */
export interface Bus {
  /** How many parts `incoming` has: see `incomingOf`. */
  readonly parts: number;
  /**
   * Resolves when the message is safe: handled, or confirmed by a broker; rejects at once where a broker is away. `body` is
   * JSON text. `again`: it may have been published before. `id`: the same for each publishing of the same message, so that
   * whoever has it in hand or has just done it does not begin it a second time.
   */
  publish(channel: DurableChannel, body: string, again?: boolean, id?: string): Promise<void>;
  /** One of the subscribers of a channel gets each message, `atOnce` of them at a time in this process. */
  subscribe(channel: DurableChannel, handler: Handler, atOnce?: number): Subscription;
  /** Tells every process, this one included, without waiting. */
  announce(channel: LiveChannel, body: unknown): void;
  listen(channel: LiveChannel, listener: (body: unknown) => void): void;
  health(): BusHealth;
  /** Resolves when all that was asked for so far works: messages can be published, subscribers get theirs, listeners hear. */
  ready(): Promise<void>;
  /** Called whenever messages pass again: they can be published, and what others announce is heard. What was announced meanwhile was not. */
  onUp(listener: () => void): void;
  /** Stops handing out messages and waits for those in hand, `graceMs` at most. */
  close(graceMs: number): Promise<void>;
}

/** http://www.isthe.com/chongo/tech/comp/fnv/: the same in every process and version, as all must part alike. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
