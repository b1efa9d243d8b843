import { Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { PublicMessage } from '#core/live.ts';
import { textFrame } from '#http/live/frames.ts';

/** A line whose far end takes bytes only while it flows. What it never took is lost with it, as on a real one. */
export class Line {
  closed: number | undefined;
  #bytes = Buffer.alloc(0);
  readonly raw: Writable;
  readonly ws: WebSocket;
  #held: (() => void)[] = [];
  #flows = true;

  /** `hear` gets each frame that the far end took. */
  constructor(hear: (frame: LineFrame) => void) {
    this.raw = new Writable({
      highWaterMark: 16_384,
      write: (chunk: Buffer, _encoding, next) => {
        const take = () => (this.closed === undefined && this.#read(chunk, hear), next());
        if (this.#flows) setImmediate(take);
        else this.#held.push(take);
      },
    });
    const close = (code: number) => void (this.closed ??= code);
    const part = {
      _socket: this.raw,
      OPEN: 1,
      readyState: 1,
      close,
      terminate: () => close(1006),
      ping: () => undefined,
    };
    this.ws = part as unknown as WebSocket;
  }

  /** Stops taking, with more unsent already than a connection may have. */
  stick(): void {
    this.#flows = false;
    if (this.raw.writableLength < 600_000) this.raw.write(textFrame({ type: 'noise', pad: 'x'.repeat(600_000) }));
  }

  flow(): void {
    this.#flows = true;
    for (const take of this.#held.splice(0)) take();
  }

  #read(chunk: Buffer, hear: (frame: LineFrame) => void): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    for (let frame = frameOf(this.#bytes); frame; frame = frameOf(this.#bytes)) {
      this.#bytes = this.#bytes.subarray(frame.end);
      hear(JSON.parse(frame.text));
    }
  }
}

/** A frame as it came: what a test looks at. */
export interface LineFrame {
  type: string;
  room: string;
  seq: number;
  from: number;
  message: PublicMessage;
  mention: boolean;
  reply: { text: string };
  here: { id: string; name: string }[];
  left: { id: string; name: string }[];
}

/** The first whole frame in the bytes. */
function frameOf(bytes: Buffer): { text: string; end: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1);
  const extra = { 126: 2, 127: 8 }[short] ?? 0;
  const head = 2 + extra;
  if (bytes.length < head) return undefined;
  const length = extra === 0 ? short : bytes.readUIntBE(head - Math.min(extra, 6), Math.min(extra, 6));
  if (bytes.length < head + length) return undefined;
  return { text: bytes.toString('utf8', head, head + length), end: head + length };
}
