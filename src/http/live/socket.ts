import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Session } from '#auth/sessions.ts';
import { byTurns, type Turn } from '#core/by-turns.ts';
import { LIMITS } from '#core/limits.ts';
import type { Asked } from './asked.ts';
import { textFrame } from './frames.ts';

/** Counts that `/metrics` shows. */
export interface LiveCounts {
  writes: number;
  frames: number;
  flushes: number;
  gaps: number;
  /** Messages read from the database because they did not come in time. */
  healed: number;
}

/** Whole frames that go out together. Those of a room can be read again later; the others are said only once. */
export interface Piece {
  bytes: Buffer;
  frames: number;
  /** The room, and the last number of it that these frames hold; 0 where they hold none. */
  room?: string;
  upTo?: number;
}

/** The library's own socket under a ws connection, which we write to. Pinned and tested, because it is private there. */
export function rawSocket(ws: WebSocket): Socket {
  return (ws as unknown as { _socket: Socket })._socket;
}

/**
 * One person's live connection. Pieces gather until `flush`, which makes one socket write of them.
 * A connection with too much unsent is lagging: it gets nothing of rooms until it has drained, and is then told from which
 * number on it has a gap. What was said to it alone waits meanwhile; too much of that ends the connection.
 */
export class LiveSocket {
  session: Session;
  /** Rooms it follows, each with the last number that was written to it. */
  readonly rooms = new Map<string, number>();
  /** Rooms it may see. */
  visible: ReadonlySet<string> = new Set();
  communities = new Set<string>();
  /** How often it was looked at what it may see. */
  looks = 0;
  awaitingPong = false;
  /** Frames that came in the window that began at `windowStart` (ms). */
  framesIn = 0;
  windowStart = 0;
  /** Frames that are being handled. */
  inHand = 0;
  closing = false;
  /** When it last said that its person is writing, ms. */
  typedAt = -Infinity;
  /** The commands that were asked here; kept where another hall may have their answers. */
  asked: Asked | undefined;
  /** Told of failures that are our own fault. */
  onFailure?: (error: unknown) => void;
  readonly #ws: WebSocket;
  readonly #raw: Socket;
  readonly #counts: LiveCounts;
  #waiting: Piece[] = [];
  #gaps: Map<string, number> | undefined;
  #turn: Promise<void> = Promise.resolve();
  #turns = 0;
  readonly #posts = byTurns();

  constructor(ws: WebSocket, session: Session, counts: LiveCounts) {
    this.#ws = ws;
    this.#raw = rawSocket(ws);
    this.#counts = counts;
    this.session = session;
  }

  /** The place of the next post: posts of one connection are stored in the order in which they came. */
  postTurn(): Turn {
    return this.#posts('');
  }

  /** Does work of this connection one after the other; undefined where too much waits already. */
  inTurn(work: () => Promise<void>): Promise<void> | undefined {
    if (this.#turns >= LIMITS.subscribesWaiting) return undefined;
    this.#turns++;
    // A turn of the loop in between: reading much for one connection must not keep the others waiting.
    this.#turn = this.#turn
      .then(() => new Promise<void>((next) => setImmediate(next)))
      .then(work)
      .finally(() => this.#turns--);
    return this.#turn;
  }

  /** Adds to the next flush. */
  add(piece: Piece): void {
    if (this.#gaps && piece.room !== undefined) return this.#skip(piece);
    this.#waiting.push(piece);
  }

  /** Adds one frame that is for this connection alone. */
  tell(value: unknown): void {
    this.add({ bytes: textFrame(value), frames: 1 });
  }

  /** One write of all that waits. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    if (this.#raw.destroyed || this.#ws.readyState !== this.#ws.OPEN) return void (this.#waiting = []);
    if (this.#raw.writableLength > LIMITS.socketBacklog) return this.#lag();
    const pieces = this.#waiting;
    this.#waiting = [];
    this.#counts.writes++;
    for (const { frames, room, upTo } of pieces) {
      this.#counts.frames += frames;
      if (room !== undefined && upTo && this.rooms.has(room)) this.rooms.set(room, upTo);
    }
    this.#raw.write(pieces.length === 1 ? (pieces[0] as Piece).bytes : Buffer.concat(pieces.map(({ bytes }) => bytes)));
  }

  close(code: number, reason: string): void {
    this.closing = true;
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

  #lag(): void {
    if (!this.#gaps) {
      this.#gaps = new Map();
      this.#raw.once('drain', () => this.#caughtUp());
    }
    const pieces = this.#waiting;
    this.#waiting = pieces.filter(({ room }) => room === undefined);
    for (const piece of pieces) if (piece.room !== undefined) this.#skip(piece);
    const kept = this.#waiting.reduce((size, { bytes }) => size + bytes.length, 0);
    if (kept > LIMITS.socketBacklog && !this.closing) this.close(1008, 'does not read');
  }

  /** Notes where the gap of a room begins: after the last number that was written. */
  #skip({ room = '' }: Piece): void {
    if (this.#gaps && !this.#gaps.has(room)) this.#gaps.set(room, this.rooms.get(room) ?? 0);
  }

  #caughtUp(): void {
    const gaps = this.#gaps;
    this.#gaps = undefined;
    for (const [room, from] of gaps ?? []) {
      if (!this.rooms.has(room)) continue;
      this.#counts.gaps++;
      this.tell({ type: 'gap', room, from });
    }
    this.flush();
  }
}
