import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { LIMITS } from '#core/limits.ts';
import type { Session } from '#auth/sessions.ts';
import { textFrame } from './frames.ts';

/** Counts that `/metrics` shows. */
export interface LiveCounts {
  writes: number;
  frames: number;
  flushes: number;
  gaps: number;
}

/** What is left of a ws connection that we write to: the library's own socket. Pinned and tested, because it is private there. */
export function rawSocket(ws: WebSocket): Socket {
  return (ws as unknown as { _socket: Socket })._socket;
}

/**
 * One person's live connection. Frames gather until `flush`, which makes one socket write of them.
 * A connection with too much unsent is lagging: it gets nothing more until it has drained, then is told where its gaps begin.
 */
export class LiveSocket {
  readonly session: Session;
  /** Rooms it follows. */
  readonly rooms = new Set<string>();
  /** Rooms it may see. */
  visible = new Set<string>();
  communities = new Set<string>();
  awaitingPong = false;
  /** Frames that came in the window that began at `windowStart` (ms). */
  framesIn = 0;
  windowStart = 0;
  readonly #ws: WebSocket;
  readonly #raw: Socket;
  readonly #counts: LiveCounts;
  #waiting: Buffer[] = [];
  #frames = 0;
  /** Where each followed room stood when the connection began to lag. */
  #lagging: Map<string, number> | undefined;

  constructor(ws: WebSocket, session: Session, counts: LiveCounts) {
    this.#ws = ws;
    this.#raw = rawSocket(ws);
    this.#counts = counts;
    this.session = session;
  }

  get waits(): boolean {
    return this.#waiting.length > 0;
  }

  /** Adds bytes of `frames` whole frames to the next flush. */
  add(bytes: Buffer, frames = 1): void {
    if (this.#lagging) return;
    this.#waiting.push(bytes);
    this.#frames += frames;
  }

  /** One write of all that waits. `stands`: the last number of each followed room before this flush, for a gap. */
  flush(stands: (room: string) => number): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    const frames = this.#frames;
    this.#frames = 0;
    if (this.#raw.destroyed || this.#ws.readyState !== this.#ws.OPEN) return;
    if (this.#raw.writableLength > LIMITS.socketBacklog) return this.#lag(stands);
    this.#counts.writes++;
    this.#counts.frames += frames;
    this.#raw.write(waiting.length === 1 ? (waiting[0] as Buffer) : Buffer.concat(waiting));
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason);
    // A client that never reads would keep the closing handshake waiting.
    setTimeout(() => this.#ws.terminate(), 2_000).unref();
  }

  /** Ends a connection whose client has not answered the last ping; else asks again. */
  beat(): void {
    if (this.awaitingPong) return this.#ws.terminate();
    this.awaitingPong = true;
    this.#ws.ping();
  }

  #lag(stands: (room: string) => number): void {
    this.#lagging = new Map([...this.rooms].map((room) => [room, stands(room)]));
    this.#raw.once('drain', () => this.#caughtUp());
  }

  #caughtUp(): void {
    const gaps = this.#lagging;
    this.#lagging = undefined;
    for (const [room, from] of gaps ?? []) {
      if (!this.rooms.has(room)) continue;
      this.#counts.gaps++;
      this.add(textFrame({ type: 'gap', room, from }));
    }
    this.flush(() => 0);
  }
}
