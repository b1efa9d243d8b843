/** Channels whose messages must not be lost: their publishers are outbox relays. */
export type DurableChannel = 'incoming' | 'outgoing' | 'jobs';

/** Live fan-out to every hall process; what is lost is healed by a room's numbers. */
export type LiveChannel = 'rooms';

/** Handles one message. Throwing hands it back: it comes again later. */
export type Handler = (body: unknown) => Promise<void>;

/** What joins the parts of the program. Bodies are JSON whichever bus it is. */
export interface Bus {
  /** Resolves when the message is safe: handled, or confirmed by a broker. `body` is JSON text. */
  publish(channel: DurableChannel, body: string): Promise<void>;
  /** One of the subscribers of a channel gets each message. */
  subscribe(channel: DurableChannel, handler: Handler): void;
  /** Tells every process, this one included, without waiting. */
  announce(channel: LiveChannel, body: unknown): void;
  listen(channel: LiveChannel, listener: (body: unknown) => void): void;
  /** Stops handing out messages and waits for those in hand, `graceMs` at most. */
  close(graceMs: number): Promise<void>;
}
