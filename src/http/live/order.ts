import { LIMITS } from '#core/limits.ts';
import { textFrame } from './frames.ts';

/** A frame on its way to a room. */
export interface RoomFrame {
  /** The message's number; 0 for what has none. */
  seq: number;
  frame: Buffer;
  /** The account that it is not for: its own typing. */
  except?: string;
}

/** Messages after a number, oldest first. */
export interface Page {
  frames: RoomFrame[];
  /** There was nothing after these when they were asked for. */
  whole: boolean;
}

export interface OrderParts {
  room: string;
  /** Gets every frame, in order. */
  hand(frame: RoomFrame): void;
  /** Reads the messages after a number from the database. Rejects where it is away. */
  read(after: number): Promise<Page>;
}

/** ms that a message waits for those before it: they come by another hall's way, which is short; reading them costs a query. */
export const EARLY_WAIT = 50;

/** Messages of one room that may wait; more than that is read again. As many as would be sent to the followers at once. */
const EARLY_MOST = LIMITS.resumeReplay;

/** ms until the database is asked again that was away. */
const READ_AGAIN = 2_000;

/**
 * Hands on the messages of one room in the order of their numbers, each once, however they come. A number that came says
 * that all before it are stored: one takes its number in the commit that stores it, after the one before has committed.
 * So what does not come in time is read, and what is not found then was deleted.
 */
export class RoomOrder {
  readonly #parts: OrderParts;
  /** The last number that was handed on; -1 until it is known where the room stands. */
  #last = -1;
  /** The highest number that there is, as far as we heard. */
  #known = -1;
  /** What came before its turn, in the order of its coming. */
  readonly #early = new Map<number, Early>();
  #timer: NodeJS.Timeout | undefined;
  #reading = false;
  #stopped = false;

  constructor(parts: OrderParts) {
    this.#parts = parts;
  }

  get last(): number {
    return this.#last;
  }

  get begun(): boolean {
    return this.#last >= 0;
  }

  /** From here on: what comes has higher numbers. */
  begin(last: number): void {
    this.#last = last;
    for (const [seq, { after }] of this.#early) if (seq <= last) for (const frame of after) this.#parts.hand(frame);
    this.#forget();
    this.#drain();
  }

  /** False for a message that was handed on or waits already. */
  wants(seq: number): boolean {
    return seq > this.#last && (seq > this.#known || this.#early.get(seq)?.frame === undefined);
  }

  /** Takes a message that came. */
  take(frame: RoomFrame): void {
    const { seq } = frame;
    if (seq <= this.#last) return;
    if (seq !== this.#last + 1 || !this.begun) return this.#hold(seq, frame);
    this.#last = seq;
    this.#parts.hand(frame);
    if (this.#early.size > 0) this.#passed(seq);
  }

  /** Takes what concerns a message, such as its new words: it goes on after the message. */
  follow(seq: number, frame: RoomFrame): void {
    if (seq <= this.#last) return this.#parts.hand(frame);
    this.#hold(seq);
    this.#early.get(seq)?.after.push(frame);
  }

  /** There is a message with this number: it is read if it does not come. */
  expect(seq: number): void {
    if (seq <= this.#last) return;
    this.#known = Math.max(this.#known, seq);
    this.#wait();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #hold(seq: number, frame?: RoomFrame): void {
    this.#known = Math.max(this.#known, seq);
    const early = this.#early.get(seq);
    if (early) early.frame ??= frame;
    else if (this.#early.size < EARLY_MOST) this.#early.set(seq, { frame, after: [], at: performance.now() });
    if (this.begun) this.#wait();
  }

  /** One that others waited for has gone out. */
  #passed(seq: number): void {
    const early = this.#early.get(seq);
    this.#early.delete(seq);
    for (const frame of early?.after ?? []) this.#parts.hand(frame);
    this.#drain();
  }

  #drain(): void {
    for (let next = this.#early.get(this.#last + 1); next?.frame; next = this.#early.get(this.#last + 1)) {
      this.#early.delete(++this.#last);
      this.#parts.hand(next.frame);
      for (const frame of next.after) this.#parts.hand(frame);
    }
    if (this.#last < this.#known) this.#wait();
  }

  #wait(ms: number = EARLY_WAIT): void {
    if (this.#stopped || this.#reading) return;
    this.#timer ??= setTimeout(() => this.#late(), ms).unref();
  }

  #late(): void {
    this.#timer = undefined;
    if (this.#last >= this.#known) return;
    const [oldest] = this.#early.values();
    const left = (oldest?.at ?? 0) + EARLY_WAIT - performance.now();
    if (left > 1) this.#wait(left);
    else void this.#readOn();
  }

  /** Reads by pages until nothing is missing that was known when the last page was asked for. */
  async #readOn(): Promise<void> {
    this.#reading = true;
    let well = true;
    try {
      while (this.#last < this.#known && !this.#stopped) {
        const known = this.#known;
        this.#fill(await this.#parts.read(this.#last), known);
      }
    } catch {
      // It was away. Whoever reads history now is told; here it is asked again.
      well = false;
    }
    this.#reading = false;
    if (!well) this.#wait(READ_AGAIN);
  }

  #fill({ frames, whole }: Page, known: number): void {
    if (this.#stopped) return;
    if (known - this.#last > LIMITS.resumeReplay) this.#skip(known);
    else this.#goThrough(frames);
    if (whole) this.#last = Math.max(this.#last, known);
    this.#forget();
    this.#drain();
  }

  #goThrough(frames: RoomFrame[]): void {
    for (const frame of frames) {
      if (frame.seq <= this.#last) continue;
      this.#last = frame.seq;
      this.#parts.hand(frame);
      for (const after of this.#early.get(frame.seq)?.after ?? []) this.#parts.hand(after);
    }
  }

  /** So much is missing that everybody reads it as they need it. */
  #skip(known: number): void {
    const { room, hand } = this.#parts;
    hand({ seq: 0, frame: textFrame({ type: 'gap', room, from: this.#last }) });
    this.#last = known;
  }

  /** What waits below has gone out, or was deleted. */
  #forget(): void {
    for (const seq of this.#early.keys()) if (seq <= this.#last) this.#early.delete(seq);
  }
}

interface Early {
  /** Not there where only what concerns the message has come. */
  frame: RoomFrame | undefined;
  /** What goes out behind it. */
  after: RoomFrame[];
  /** When it came, by `performance.now()`. */
  at: number;
}
