import { isIP } from 'node:net';
import { Connection, type Channel } from 'rabbitmq-client';
import { isLoopback } from '#core/loopback.ts';
import type { PlatformLog } from '#core/platform.ts';

export interface LinkOptions {
  /** `amqp:` on this machine, `amqps:` anywhere. */
  url: string;
  /** The authority that signed the broker's certificate, PEM; where there is none the system's are trusted. */
  ca?: string;
  /** What the broker's own tools call this connection. */
  label: string;
  log: PlatformLog;
}

/** A connection to the broker, made again whenever it is lost, however long that takes. */
export class Link {
  readonly #connection: Connection;
  readonly #log: PlatformLog;
  readonly #label: string;
  readonly #listeners = new Set<() => void>();
  #why: string | undefined = 'not connected to the broker yet';

  /** Throws where the address is none, or is plain and leads away from this machine. */
  constructor({ url, ca, label, log }: LinkOptions) {
    this.#log = log;
    this.#label = label;
    this.#connection = new Connection({ url, connectionName: label, tls: tlsOf(url, ca), ...SETTINGS });
    this.#connection.on('connection', () => this.#opened());
    this.#connection.on('error', (error) => this.#lost(error));
    this.#connection.on('connection.blocked', (reason) => this.#set(`the broker takes nothing: ${reason}`));
    this.#connection.on('connection.unblocked', () => this.#opened());
  }

  /** Connected, and the broker takes what we send. */
  get up(): boolean {
    return this.#connection.ready;
  }

  /** What is wrong, in words; undefined while nothing is. */
  get why(): string | undefined {
    return this.#why ?? (this.up ? undefined : 'the connection to the broker was lost');
  }

  /** A new AMQP channel. Its errors are its own. Rejects where there is no connection. */
  acquire(): Promise<Channel> {
    return this.#connection.acquire({ emitErrorsFromChannel: true });
  }

  /** Called at each connection, and when a broker that was full takes messages again. Returns what calls it off. */
  onUp(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the connection: in order where the channels are closed in time, else at once. */
  async close(graceMs: number): Promise<void> {
    const end = setTimeout(() => this.#connection.unsafeDestroy(), graceMs);
    // A connection that was destroyed never says that it is closed.
    const cut = new Promise<void>((resolve) => setTimeout(resolve, graceMs + 10).unref());
    await Promise.race([this.#connection.close().catch(() => undefined), cut]);
    clearTimeout(end);
  }

  #opened(): void {
    if (this.#why !== undefined) this.#log.info({ link: this.#label }, 'connected to the broker');
    this.#why = undefined;
    for (const listener of this.#listeners) listener();
  }

  #lost(error: unknown): void {
    this.#set(wordsOf(error));
  }

  #set(why: string): void {
    if (this.#why !== why)
      this.#log.warn({ link: this.#label, why }, 'the broker is away; it is tried again by itself');
    this.#why = why;
  }
}

/** ms for saying goodbye to a broker that may not answer. */
export const HANG_UP_MS = 1_000;

/** Waits for the work's end, but no longer than so many ms. */
export async function atMost(work: Promise<unknown>, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work, promise]);
  clearTimeout(timer);
}

/** What an error of the connection or of a channel says, with its code. */
export function wordsOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  const words = message === undefined || message === '' ? String(error) : message;
  return code === undefined || words.includes(code) ? words : `${code}: ${words}`;
}

const SETTINGS = {
  // Without it a confirm or an acknowledgement may wait 40 ms for the next.
  noDelay: true,
  /**
   * Seconds. A process or a broker that hangs is given up after two to three of these, so that another one takes its
   * place within 15 s; below 5 a busy machine looks dead. https://www.rabbitmq.com/docs/heartbeats#heartbeats-timeout
   */
  heartbeat: 5,
  /** ms between two attempts, drawn between the first and up to the second. */
  retryLow: 250,
  retryHigh: 5_000,
  /** ms for one attempt. */
  connectionTimeout: 5_000,
  /** Bytes: what RabbitMQ takes by itself, so that most messages are one frame. */
  frameMax: 131_072,
};

function tlsOf(url: string, ca: string | undefined): false | { ca?: string; servername?: string } {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'amqps:')
    return { ...(ca !== undefined && { ca }), ...(isIP(hostname) === 0 && { servername: hostname }) };
  if (!isLoopback(hostname)) throw new Error('A broker on another machine is reached by amqps: only.');
  return false;
}
