import type { ClientFrame, ServerFrame } from '#contracts/web.ts';

/** The part of a WebSocket that is needed here; a test brings its own. */
export type Wire = {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: string }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
};

export type LiveOptions = {
  dial: () => Wire;
  /** Waits so many ms, then acts; gives back how to stop waiting. */
  wait: (act: () => void, ms: number) => () => void;
  onFrame: (frame: ServerFrame) => void;
  onUp: () => void;
  onDown: () => void;
  /** The session ended (4401): there will be no other try. */
  onEnded: () => void;
};

const SESSION_ENDED = 4401;
const STEPS = [300, 700, 1_500, 3_000, 6_000, 12_000];

/** One live connection that comes back by itself, later and later, until it is stopped. */
export class Live {
  readonly #options: LiveOptions;
  #wire: Wire | null = null;
  #open = false;
  #tries = 0;
  #stopWaiting: (() => void) | null = null;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  get isUp(): boolean {
    return this.#open;
  }

  /** Connects now: at the start, and when there is reason to think that it will work again. */
  connect(): void {
    if (this.#wire) return;
    this.#stopWaiting?.();
    this.#stopWaiting = null;
    const wire = this.#options.dial();
    this.#wire = wire;
    wire.onopen = () => this.#opened();
    wire.onmessage = (event) => this.#heard(event.data);
    wire.onclose = (event) => this.#closed(wire, event.code);
  }

  /** False where there is no connection: nothing was sent. */
  send(frame: ClientFrame): boolean {
    if (!this.#open) return false;
    this.#wire?.send(JSON.stringify(frame));
    return true;
  }

  /** Gives up a connection that no longer answers and makes another. */
  restart(): void {
    const wire = this.#wire;
    wire?.close();
    if (wire) this.#closed(wire, 1006);
  }

  stop(): void {
    this.#stopWaiting?.();
    this.#stopWaiting = null;
    const wire = this.#wire;
    this.#wire = null;
    this.#open = false;
    wire?.close();
  }

  #opened(): void {
    this.#open = true;
    this.#tries = 0;
    this.#options.onUp();
  }

  #heard(data: string): void {
    for (const frame of framesIn(data)) this.#options.onFrame(frame);
  }

  #closed(wire: Wire, code: number): void {
    if (wire !== this.#wire) return;
    this.#wire = null;
    this.#open = false;
    if (code === SESSION_ENDED) {
      this.#options.onEnded();
      return;
    }
    this.#options.onDown();
    const step = STEPS[Math.min(this.#tries, STEPS.length - 1)] ?? 0;
    this.#tries += 1;
    this.#stopWaiting = this.#options.wait(() => this.connect(), step * (0.75 + Math.random() / 2));
  }
}

/** The hall may put several frames into one message, as a list. */
function framesIn(data: string): ServerFrame[] {
  const parsed = JSON.parse(data) as ServerFrame | ServerFrame[];
  return Array.isArray(parsed) ? parsed : [parsed];
}
