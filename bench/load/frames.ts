/**
 * The little of RFC 6455 that a load client needs: https://www.rfc-editor.org/rfc/rfc6455#section-5.2
 * Frames from a server are not masked; ours carry the mask 0, which leaves the bytes as they are.
 */

/** Longest that a frame's head and the bytes we look at can be. */
const LOOK = 32;

/** Room in front of a read buffer for what was left of the last read. */
export const HEADROOM = LOOK;

/** The four bytes at `at` of a payload that tell one kind of frame from every other. */
export interface Mark {
  at: number;
  bytes: string;
}

/** Counts the marked frames of a stream, without keeping or copying their payloads. */
export class FrameCounter {
  counted = 0;
  #skip = 0;
  #left = 0;
  readonly #carry = Buffer.alloc(LOOK);
  readonly #at: number;
  readonly #word: number;
  readonly #onPing: () => void;

  constructor(mark: Mark, onPing: () => void) {
    this.#at = mark.at;
    this.#word = Buffer.from(mark.bytes).readInt32LE(0);
    this.#onPing = onPing;
  }

  /** `buffer` holds HEADROOM free bytes and then `length` new ones. */
  take(buffer: Buffer, length: number): void {
    const end = HEADROOM + length;
    let offset = HEADROOM - this.#left;
    if (this.#left > 0) this.#carry.copy(buffer, offset, 0, this.#left);
    this.#left = 0;
    for (;;) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, end - offset);
        this.#skip -= skipped;
        offset += skipped;
        if (this.#skip > 0) return;
      }
      const next = this.#frame(buffer, offset, end);
      if (next === 0) break;
      offset = next;
    }
    this.#left = end - offset;
    if (this.#left > 0) buffer.copy(this.#carry, 0, offset, end);
  }

  /** Where the payload begins; 0 where the head is not all here yet. */
  #frame(buffer: Buffer, offset: number, end: number): number {
    const here = end - offset;
    if (here < 2) return 0;
    const short = (buffer[offset + 1] as number) & 0x7f;
    const head = headLength(short);
    if (here < head) return 0;
    const length = payloadLength(buffer, offset, short);
    if (here < head + Math.min(length, this.#at + 4)) return 0;
    const payload = offset + head;
    if (length >= this.#at + 4 && buffer.readInt32LE(payload + this.#at) === this.#word) this.counted++;
    else if (((buffer[offset] as number) & 0x0f) === 0x9) this.#onPing();
    this.#skip = length;
    return payload;
  }
}

/** Reads whole frames as text: for hand-shakes, acknowledgements and the one receiver that learns the order. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);
  readonly #onText: (text: string) => void;
  readonly #onPing: () => void;

  constructor(onText: (text: string) => void, onPing: () => void) {
    this.#onText = onText;
    this.#onPing = onPing;
  }

  take(bytes: Buffer): void {
    const all = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : Buffer.from(bytes);
    let offset = 0;
    for (let next = this.#frame(all, offset); next > 0; next = this.#frame(all, offset)) offset = next;
    this.#rest = all.subarray(offset);
  }

  /** Where the next frame begins; 0 where this one is not all here yet. */
  #frame(all: Buffer, offset: number): number {
    if (all.length - offset < 2) return 0;
    const short = (all[offset + 1] as number) & 0x7f;
    const payload = offset + headLength(short);
    if (all.length < payload) return 0;
    const end = payload + payloadLength(all, offset, short);
    if (all.length < end) return 0;
    const opcode = (all[offset] as number) & 0x0f;
    if (opcode === 0x1) this.#onText(all.toString('utf8', payload, end));
    if (opcode === 0x9) this.#onPing();
    return end;
  }
}

/** One frame from a client; opcode 1 is text, 10 the answer to a ping. */
export function clientFrame(text: string, opcode = 1): Buffer {
  const payload = Buffer.from(text);
  const wide = payload.length > 125;
  const head = Buffer.alloc(wide ? 8 : 6);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (wide ? 126 : payload.length);
  if (wide) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

function headLength(short: number): number {
  if (short < 126) return 2;
  return short === 126 ? 4 : 10;
}

function payloadLength(buffer: Buffer, offset: number, short: number): number {
  if (short < 126) return short;
  return short === 126 ? buffer.readUInt16BE(offset + 2) : Number(buffer.readBigUInt64BE(offset + 2));
}
