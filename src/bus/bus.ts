/**
 * Channels whose messages must not be lost: their publishers are outbox relays. `outgoing` is parted by platform, so that
 * one that is slow or away holds up nobody else.
 */
export type DurableChannel = 'incoming' | 'jobs' | `outgoing.${string}`;

/** The part of `outgoing` that a platform's connector takes. */
export function outgoingTo(platform: string): DurableChannel {
  return `outgoing.${platform}`;
}

/** Live fan-out to every hall process; what is lost is healed by a room's numbers. */
export type LiveChannel = 'rooms';

/** Handles one message. Throwing hands it back: it comes again later. */
export type Handler = (body: unknown, delivery: Delivery) => Promise<void>;

export interface Delivery {
  /** It may have been handled before: by a process that ended in the middle, or by a handler that threw. */
  again: boolean;
}

/** What joins the parts of the program. Bodies are JSON whichever bus it is. */
export interface Bus {
  /** Resolves when the message is safe: handled, or confirmed by a broker. `body` is JSON text. `again`: it may have been published before. */
  publish(channel: DurableChannel, body: string, again?: boolean): Promise<void>;
  /** One of the subscribers of a channel gets each message, `atOnce` of them at a time in this process. */
  subscribe(channel: DurableChannel, handler: Handler, atOnce?: number): void;
  /** Tells every process, this one included, without waiting. */
  announce(channel: LiveChannel, body: unknown): void;
  listen(channel: LiveChannel, listener: (body: unknown) => void): void;
  /** Stops handing out messages and waits for those in hand, `graceMs` at most. */
  close(graceMs: number): Promise<void>;
}
