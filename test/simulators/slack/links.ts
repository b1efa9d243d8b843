import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { violations } from './texts.ts';
import type { Carrier, Envelope, Outcome, SlackOptions } from './wire.ts';
import { APP_ID, keep, keepNewest } from './workspace.ts';

/** The links of Socket Mode. https://docs.slack.dev/apis/events-api/using-socket-mode */
export class Links implements Carrier {
  /** Socket Mode was turned off: no new links are promised. */
  disabled = false;
  readonly #options: SlackOptions;
  readonly #violations: string[];
  readonly #server = new WebSocketServer({ noServer: true, autoPong: false, maxPayload: 1024 * 1024 });
  readonly #tickets = new Map<string, true>();
  /** Links that said hello, the one to be used next in front. */
  #ready: WebSocket[] = [];
  readonly #open = new Set<WebSocket>();
  readonly #pending = new Map<string, Pending>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #silent = false;
  #greet: (() => void)[] = [];
  #waiters: (() => void)[] = [];

  constructor(options: SlackOptions, found: string[]) {
    this.#options = options;
    this.#violations = found;
  }

  /** A ticket opens one link. */
  newTicket(): string {
    const ticket = randomUUID();
    this.#tickets.set(ticket, true);
    keepNewest(this.#tickets);
    return ticket;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (url.pathname !== '/link/' || !this.#tickets.delete(url.searchParams.get('ticket') ?? '')) {
      keep(this.#violations, violations.ticket);
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (link) => this.#opened(link));
  }

  /** Sends on one of the links, and waits for its acknowledgement. */
  carry(envelope: Envelope): Promise<Outcome> {
    const link = this.#ready.shift();
    if (!link) return Promise.resolve({ ok: false, reason: 'no_connection' });
    this.#ready.push(link);
    const id = randomUUID();
    if (!this.#silent) link.send(JSON.stringify(envelopeText(id, envelope)));
    return new Promise((settle) => this.#await(id, { link, settle }));
  }

  /** Resolves when a link has said hello. */
  connected(): Promise<void> {
    if (this.#ready.length > 0 && !this.#silent) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  cut(): void {
    for (const link of this.#open) link.terminate();
  }

  /** A link that does not go by itself is closed a little later. */
  askToReconnect(reason: string): void {
    this.disabled ||= reason === 'link_disabled';
    for (const link of this.#ready) {
      link.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: HOST } }));
      this.#later(this.#options.goodbyeMs, () => link.close(1000));
    }
  }

  silent(on: boolean): void {
    this.#silent = on;
    if (!on) for (const greet of this.#greet.splice(0)) greet();
    if (!on && this.#ready.length > 0) this.#tellWaiters();
  }

  /** Says goodbye, so that a client does not wait for it, and cuts what does not go within half a second. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    const gone = [...this.#open].map((link) => new Promise((resolve) => link.once('close', resolve)));
    for (const link of this.#open) link.close(1001);
    const cut = setTimeout(() => this.cut(), 500);
    await Promise.all(gone);
    clearTimeout(cut);
    this.#server.close();
  }

  #opened(link: WebSocket): void {
    this.#open.add(link);
    link.on('message', (data) => this.#heard(String(data)));
    link.on('ping', (data) => void (this.#silent || link.pong(data)));
    link.on('close', () => this.#closed(link));
    link.on('error', () => link.terminate());
    if (this.#silent) this.#greet.push(() => this.#hello(link));
    else this.#hello(link);
  }

  #hello(link: WebSocket): void {
    if (link.readyState !== link.OPEN) return;
    this.#ready.unshift(link);
    const debug = { host: HOST, started: new Date().toISOString(), build_number: 1, approximate_connection_time: 3600 };
    const hello = { type: 'hello', num_connections: this.#ready.length, debug_info: debug };
    link.send(JSON.stringify({ ...hello, connection_info: { app_id: APP_ID } }));
    this.#pingOn(link);
    this.#tellWaiters();
  }

  #pingOn(link: WebSocket): void {
    if (link.readyState !== link.OPEN) return;
    if (!this.#silent) link.ping(`Ping from ${HOST}`);
    this.#later(this.#options.pingMs, () => this.#pingOn(link));
  }

  #heard(text: string): void {
    if (this.#silent) return;
    const answer = acknowledgement(text);
    if (!answer) return keep(this.#violations, violations.notAnAcknowledgement(text.slice(0, 200)));
    this.#settle(answer.id, { ok: true, reason: '', reply: answer.payload });
  }

  #closed(link: WebSocket): void {
    this.#open.delete(link);
    this.#ready = this.#ready.filter((one) => one !== link);
    for (const [id, pending] of this.#pending) {
      if (pending.link === link) this.#settle(id, { ok: false, reason: 'timeout' });
    }
  }

  #await(id: string, { link, settle }: Omit<Pending, 'timer'>): void {
    const late = (): void => this.#settle(id, { ok: false, reason: 'timeout' });
    this.#pending.set(id, { link, settle, timer: this.#later(this.#options.acknowledgeMs, late) });
  }

  /** An acknowledgement that comes too late finds nothing, as on Slack. */
  #settle(id: string, outcome: Outcome): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    this.#forget(pending.timer);
    pending.settle(outcome);
  }

  #later(ms: number, work: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }

  #forget(timer: NodeJS.Timeout): void {
    clearTimeout(timer);
    this.#timers.delete(timer);
  }

  #tellWaiters(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}

interface Pending {
  link: WebSocket;
  timer: NodeJS.Timeout;
  settle(outcome: Outcome): void;
}

const HOST = `applink-${randomBytes(3).toString('hex')}`;

/** On a link every failure is told as a timeout. */
function envelopeText(id: string, { type, payload, attempt }: Envelope): object {
  const common = { envelope_id: id, payload, type, accepts_response_payload: type !== 'events_api' };
  if (type !== 'events_api') return common;
  return { ...common, retry_attempt: attempt, retry_reason: attempt === 0 ? '' : 'timeout' };
}

function acknowledgement(text: string): { id: string; payload: unknown } | undefined {
  try {
    const { envelope_id: id, payload }: { envelope_id?: unknown; payload?: unknown } = JSON.parse(text);
    return typeof id === 'string' ? { id, payload } : undefined;
  } catch {
    return undefined;
  }
}
