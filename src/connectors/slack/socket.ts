import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { SocketModeReceiver, type App, type ReceiverEvent } from '@slack/bolt';
import type { Arrival } from './listen.ts';
import { CallFailed, troubleOf, type Failure, type Times } from './slack.external.ts';
import { networkCode, pauseOf } from './web-api.ts';

/** Why a link ended, or will end: `leaving` and `off` are Slack's own announcement, the link still works for some seconds. */
export type End = 'cut' | 'silent' | 'leaving' | 'off';

/** An open link of Socket Mode. */
export interface Socket {
  ended: Promise<End>;
  close(): void;
}

export interface SocketOptions {
  appToken: string;
  apiUrl: string;
  fetch: typeof globalThis.fetch;
  times: Times;
  arrived(arrival: Arrival): Promise<void>;
  /** Told of every frame, pings included. */
  heard(): void;
  /** Told of a frame that the library failed at. */
  failed(error: unknown): void;
}

/**
 * Opens one link with Bolt's receiver; resolves when Slack has greeted. Throws `CallFailed`. The library's own reconnecting is
 * off: it leaves a failed attempt as an unhandled rejection, which would end the process.
 */
export async function openSocket(options: SocketOptions): Promise<Socket> {
  const receiver = receiverFor(options);
  const ended = Promise.withResolvers<End>();
  const watch = new Watch(receiver.client, options, ended.resolve);
  const close = (): void => {
    watch.end();
    void receiver.stop();
    setTimeout(() => drop(receiver.client), GOODBYE_MS).unref();
  };
  const started = receiver.start();
  const timeout = AbortSignal.timeout(options.times.hello);
  try {
    await Promise.race([started, ended.promise.then(fail), once(timeout)]);
  } catch (error) {
    // It may still open after we gave up.
    started.then(close, () => undefined);
    close();
    throw new CallFailed('apps.connections.open', failureOf(error));
  }
  return { ended: ended.promise, close };
}

/** Slack does not hang up after a goodbye, and a dead peer says none: the library would wait half a minute and keep the process. */
const GOODBYE_MS = 500;

function drop(client: Client): void {
  (client as unknown as { websocket?: { cleanup?(): void } }).websocket?.cleanup?.();
}

function receiverFor({ appToken, apiUrl, fetch, times, arrived }: SocketOptions): SocketModeReceiver {
  const clientOptions = {
    slackApiUrl: apiUrl,
    fetch,
    timeout: times.call,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  };
  const receiver = new SocketModeReceiver({
    appToken,
    autoReconnectEnabled: false,
    // A third of it is the pause between two pings. The library cuts a dead link too, but later than we do.
    clientPingTimeout: times.silent,
    logger: SILENT,
    installerOptions: { clientOptions },
  });
  const app = { processEvent: (event: ReceiverEvent) => arrived(event as Arrival) };
  // Of an App the receivers use nothing but this one function.
  receiver.init(app as unknown as App);
  return receiver;
}

/** The library says by events all that matters; its lines may hold the link's address, which is a secret. */
const SILENT = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  setLevel: nothing,
  setName: nothing,
  getLevel: () => 'error' as never,
};

function nothing(): void {
  return undefined;
}

type Client = SocketModeReceiver['client'];

/** Hears every frame of one link, and ends it when none comes. */
class Watch {
  readonly #options: SocketOptions;
  readonly #end: (end: End) => void;
  readonly #timer: NodeJS.Timeout;
  #url: string | undefined;
  #heardAt = performance.now();

  constructor(client: Client, options: SocketOptions, end: (end: End) => void) {
    this.#options = options;
    this.#end = end;
    client.on('authenticated', ({ url }: { url?: string }) => (this.#url = url));
    client.on('disconnected', () => end('cut'));
    this.#listen(client);
    for (const name of BEATS) subscribe(name, this.#beat);
    this.#timer = setInterval(() => this.#look(), options.times.silent / 8);
    this.#timer.unref();
  }

  end(): void {
    clearInterval(this.#timer);
    for (const name of BEATS) unsubscribe(name, this.#beat);
  }

  /** Stands before the library's own listener, whose failures nobody would catch: an unknown kind of frame ends a process. */
  #listen(client: Client): void {
    const [handle] = client.listeners('ws_message');
    client.removeAllListeners('ws_message');
    client.on('ws_message', (data: unknown, isBinary: boolean) => {
      this.#heard();
      const end = announcedEnd(data);
      if (end) this.#end(end);
      else void Promise.resolve(handle?.(data, isBinary)).catch((error) => this.#options.failed(error));
    });
  }

  #heard(): void {
    this.#heardAt = performance.now();
    this.#options.heard();
  }

  /** undici tells of the pings of all its sockets in this process. */
  readonly #beat = (message: unknown): void => {
    const { websocket } = message as { websocket?: { url?: string } };
    if (websocket?.url !== undefined && websocket.url === this.#url) this.#heard();
  };

  #look(): void {
    if (performance.now() - this.#heardAt > this.#options.times.silent) this.#end('silent');
  }
}

const BEATS = ['undici:websocket:ping', 'undici:websocket:pong'];

/** Reads a `disconnect` frame, the only one so short with that type. https://docs.slack.dev/apis/events-api/using-socket-mode#disconnect */
function announcedEnd(data: unknown): End | undefined {
  if (typeof data !== 'string' || data.length > 1_000 || !/"type"\s*:\s*"disconnect"/.test(data)) return undefined;
  return /"reason"\s*:\s*"link_disabled"/.test(data) ? 'off' : 'leaving';
}

function fail(end: End): never {
  throw new CallFailed('apps.connections.open', { trouble: 'passing', code: end });
}

function once(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

interface LibraryError {
  data?: { error?: string };
  statusCode?: number;
  retryAfter?: number;
  original?: unknown;
}

/** What the library throws, in our words. It throws nothing at all where the socket did not open. */
function failureOf(error: unknown): Failure {
  if (error instanceof CallFailed) return { trouble: error.trouble, code: error.code };
  const { data, statusCode, retryAfter, original } = (error ?? {}) as LibraryError;
  if (retryAfter !== undefined)
    return { trouble: 'limited', code: 'ratelimited', retryAfter: pauseOf(String(retryAfter)) };
  if (data?.error !== undefined) return { trouble: troubleOf(data.error), code: data.error };
  if (statusCode !== undefined) return { trouble: 'passing', code: `http_${statusCode}` };
  return { trouble: 'passing', code: error === undefined ? 'closed' : networkCode(original ?? error) };
}
