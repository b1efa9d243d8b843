import type { LiveSocket, Piece } from './socket.ts';

/** A frame on its way to a room. */
export interface RoomFrame {
  /** The message's number; 0 for what has none. */
  seq: number;
  frame: Buffer;
  /** The account that it is not for: its own typing. */
  except?: string;
}

/** What goes to the followers of one room. */
export class Feed {
  readonly sockets = new Set<LiveSocket>();
  /** Sockets that read the past at this moment, with what came meanwhile. */
  readonly joining = new Map<LiveSocket, RoomFrame[]>();
  readonly #room: string;
  #waiting: RoomFrame[] = [];

  constructor(room: string) {
    this.#room = room;
  }

  get empty(): boolean {
    return this.sockets.size === 0 && this.joining.size === 0;
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
      if (piece) socket.add(piece);
      touched.add(socket);
    }
    for (const one of waiting) if (one.except !== undefined) this.#spreadExcept(one, one.except);
  }

  #spreadExcept(one: RoomFrame, account: string): void {
    const piece = pieceOf(this.#room, [one]);
    for (const socket of this.sockets) if (socket.session.account !== account) socket.add(piece);
  }
}

/** Frames of a room as one piece of bytes. */
export function pieceOf(room: string, frames: RoomFrame[]): Piece {
  const bytes = frames.length === 1 ? (frames[0] as RoomFrame).frame : Buffer.concat(frames.map(({ frame }) => frame));
  return { bytes, frames: frames.length, room, upTo: frames.reduce((last, { seq }) => Math.max(last, seq), 0) };
}
