import type { LiveSocket } from './socket.ts';

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
  /** The last number that was written to the sockets. */
  written = 0;
  #waiting: RoomFrame[] = [];

  get empty(): boolean {
    return this.sockets.size === 0 && this.joining.size === 0;
  }

  push(frame: RoomFrame): void {
    if (this.sockets.size > 0) this.#waiting.push(frame);
    for (const held of this.joining.values()) held.push(frame);
  }

  /** Hands what waits to the sockets, frames that are for everybody as one piece of bytes. Returns the last number among them. */
  spread(touched: Set<LiveSocket>): number {
    const waiting = this.#waiting;
    this.#waiting = [];
    const common = waiting.filter((one) => one.except === undefined);
    const bytes = common.length === 1 ? common[0]?.frame : Buffer.concat(common.map((one) => one.frame));
    for (const socket of this.sockets) {
      if (bytes && common.length > 0) socket.add(bytes, common.length);
      touched.add(socket);
    }
    for (const one of waiting) if (one.except !== undefined) this.#spreadExcept(one.frame, one.except);
    return waiting.reduce((last, one) => Math.max(last, one.seq), this.written);
  }

  #spreadExcept(frame: Buffer, account: string): void {
    for (const socket of this.sockets) if (socket.session.account !== account) socket.add(frame);
  }
}
