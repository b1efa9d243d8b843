import type { PublicMessage } from '#core/live.ts';
import { textFrame } from './frames.ts';
import { RoomOrder, type OrderParts, type RoomFrame } from './order.ts';
import type { LiveSocket, Piece } from './socket.ts';

export type { RoomFrame } from './order.ts';

/** What a socket that follows a room from now on gets first. */
export interface Past {
  /** The room's last number. */
  seq: number;
  /** The number after which the client's own knowledge ends; `seq` where it asked only for what comes. */
  after: number;
  /** What it missed, oldest first. */
  missed: RoomFrame[];
  /** More was missed than is sent: it reads on from `after` by itself. */
  gap: boolean;
}

/** What goes to the followers of one room. */
export class Feed {
  readonly sockets = new Set<LiveSocket>();
  /** Sockets that read the past at this moment, with what came meanwhile. */
  readonly joining = new Map<LiveSocket, RoomFrame[]>();
  readonly order: RoomOrder;
  readonly #room: string;
  /** Followers whose past went further than the others are yet, with the number up to which they have all. */
  readonly #ahead = new Map<LiveSocket, number>();
  #waiting: RoomFrame[] = [];
  #beginning: Promise<void> | undefined;

  constructor(parts: OrderParts) {
    this.#room = parts.room;
    this.order = new RoomOrder(parts);
  }

  get empty(): boolean {
    return this.sockets.size === 0 && this.joining.size === 0;
  }

  /** Reads what a newcomer missed. The first one's past tells where the room stands; the others wait for that. */
  async readPast(past: () => Promise<Past>): Promise<Past> {
    while (this.#beginning) await this.#beginning;
    if (this.order.begun) return past();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#beginning = promise;
    try {
      const read = await past();
      this.order.begin(reach(read));
      return read;
    } finally {
      this.#beginning = undefined;
      resolve();
    }
  }

  /** Makes a newcomer a follower; gives what it gets of its past and of what came while it was read. */
  admit(socket: LiveSocket, past: Past, held: RoomFrame[]): Piece | undefined {
    const upTo = reach(past);
    const frames = [...past.missed, ...held.filter(({ seq }) => seq === 0 || seq > upTo)];
    this.sockets.add(socket);
    if (upTo > this.order.last) {
      this.#ahead.set(socket, upTo);
      this.order.expect(upTo);
    }
    return frames.length > 0 ? pieceOf(this.#room, frames) : undefined;
  }

  drop(socket: LiveSocket): void {
    this.sockets.delete(socket);
    this.#ahead.delete(socket);
  }

  push(frame: RoomFrame): void {
    if (this.sockets.size > 0) this.#waiting.push(frame);
    for (const held of this.joining.values()) held.push(frame);
  }

  /** Hands what waits to the followers: what is for everybody as one piece, the same for all. */
  spread(touched: Set<LiveSocket>): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const common = waiting.filter((one) => one.except === undefined);
    const piece = common.length > 0 ? pieceOf(this.#room, common) : undefined;
    for (const socket of this.sockets) {
      if (piece && !(this.#ahead.size > 0 && this.#ahead.has(socket))) socket.add(piece);
      touched.add(socket);
    }
    if (this.#ahead.size > 0) this.#spreadAhead(common);
    for (const one of waiting) if (one.except !== undefined) this.#spreadExcept(one, one.except);
  }

  #spreadAhead(common: RoomFrame[]): void {
    for (const [socket, upTo] of this.#ahead) {
      const fresh = common.filter(({ seq }) => seq === 0 || seq > upTo);
      if (fresh.length > 0) socket.add(pieceOf(this.#room, fresh));
      if (this.order.last >= upTo) this.#ahead.delete(socket);
    }
  }

  #spreadExcept(one: RoomFrame, account: string): void {
    const piece = pieceOf(this.#room, [one]);
    for (const socket of this.sockets) if (socket.session.account !== account) socket.add(piece);
  }
}

/** A message as the followers of its room get it. */
export function messageFrame(room: string, message: PublicMessage): RoomFrame {
  return { seq: message.seq, frame: textFrame({ type: 'message', room, message }) };
}

/** Up to which number a newcomer has all. */
function reach({ seq, missed }: Past): number {
  return Math.max(seq, missed.at(-1)?.seq ?? 0);
}

/** Frames of a room as one piece of bytes. */
function pieceOf(room: string, frames: RoomFrame[]): Piece {
  const bytes = frames.length === 1 ? (frames[0] as RoomFrame).frame : Buffer.concat(frames.map(({ frame }) => frame));
  return { bytes, frames: frames.length, room, upTo: frames.reduce((last, { seq }) => Math.max(last, seq), 0) };
}
