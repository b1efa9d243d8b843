import { backOff, type Pauses } from './back-off.ts';
import type { CallFailed, Times } from './slack.external.ts';
import type { End, Socket, SocketOptions } from './socket.ts';
import type { Standing } from './standing.ts';
import { TEXTS } from './texts.ts';

/** What keeps Slack in touch. */
export interface Link {
  /** Keeps it until the connector stops, or the token is refused. Never rejects. */
  run(): Promise<void>;
  /** Ends what is open. */
  close(): void;
}

interface LinkOptions {
  standing: Standing;
  pauses: Pauses;
  times: Times;
  isStopped(): boolean;
}

export interface SocketLinkOptions extends LinkOptions, Omit<SocketOptions, 'heard'> {
  clock(): number;
}

/** Socket Mode: a link is open all the time. Where Slack announces an end, the next is open before the old one goes. */
export function socketLink(options: SocketLinkOptions): Link {
  const { standing, pauses, times, isStopped } = options;
  const open = new Set<Socket>();
  let failures = 0;

  async function run(): Promise<void> {
    while (!isStopped()) {
      const end = await hold();
      if (end === undefined) return;
      await pauses.wait(backOff(failures++, times));
    }
  }

  /** Opens a link and waits for its end; undefined where no other is to be opened. */
  async function hold(): Promise<End | undefined> {
    try {
      // The library takes a third of a second to load and 20 MB, which a hall that is called by HTTP need not pay.
      const { openSocket } = await import('./socket.ts');
      const socket = await openSocket({ ...options, heard: () => standing.heard(options.clock()) });
      retire();
      open.add(socket);
      if (isStopped()) return void closeAll();
      standing.tokenTaken('SLACK_APP_TOKEN');
      standing.up();
      return await held(socket);
    } catch (error) {
      return failed(error as CallFailed);
    }
  }

  /** After a link that lasted the next is opened at once, and so it is where Slack announces the end. */
  async function held(socket: Socket): Promise<End> {
    const since = performance.now();
    const end = await socket.ended;
    if (performance.now() - since > times.retryMost) failures = 0;
    if (end === 'silent') standing.is('silent', TEXTS.silent(times.silent / 1_000));
    if (end === 'off') standing.is('down', TEXTS.switchedOff);
    if (end === 'cut' && !isStopped()) standing.is('down', TEXTS.cut);
    if (end !== 'leaving') closeAll();
    return end;
  }

  /** A link that is leaving stays open meanwhile, for what still comes by it. */
  async function failed({ trouble, code, retryAfter }: CallFailed): Promise<End | undefined> {
    if (isStopped() || trouble === 'token') closeAll();
    if (isStopped()) return undefined;
    if (trouble === 'token') return void standing.tokenRefused('SLACK_APP_TOKEN', code);
    standing.is('down', trouble === 'refused' ? TEXTS.noLink(code) : TEXTS.noAnswer(code), code);
    if (trouble === 'limited') await pauses.wait(retryAfter);
    failures = Math.max(failures, 1);
    return 'cut';
  }

  /** What came by the links before may still have to be acknowledged there. */
  function retire(): void {
    const old = [...open];
    open.clear();
    if (old.length > 0) void pauses.wait(times.acknowledge).then(() => old.forEach((socket) => socket.close()));
  }

  function closeAll(): void {
    for (const socket of open) socket.close();
    open.clear();
  }

  return { run, close: closeAll };
}

export interface HttpLinkOptions extends LinkOptions {
  /** Asks Slack whether the token works. Throws `CallFailed`. */
  ask(): Promise<unknown>;
}

/** HTTP: Slack calls when there is something, so that it is still there has to be asked. */
export function httpLink({ ask, standing, pauses, times, isStopped }: HttpLinkOptions): Link {
  let failures = 0;

  /** ms until the next look. */
  async function look(): Promise<number> {
    try {
      await ask();
      standing.up();
      failures = 0;
      return times.heartbeat;
    } catch (error) {
      const { trouble, code, retryAfter } = error as CallFailed;
      if (trouble === 'token') return times.heartbeat;
      if (trouble === 'limited') return retryAfter;
      standing.is('down', TEXTS.noAnswer(code), code);
      return backOff(++failures, times);
    }
  }

  async function run(): Promise<void> {
    standing.up();
    await pauses.wait(times.heartbeat);
    while (!isStopped()) await pauses.wait(await look());
  }

  return { run, close: () => undefined };
}
