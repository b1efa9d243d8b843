import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import WebSocket from 'ws';
import { PATIENCE_MS } from './wait.ts';

/** A frame as it came. Its fields depend on its type: tests name those that they look at. */
export interface Frame {
  type: string;
  room: string;
  seq: number;
  from: number;
  code: string;
  detail: string;
  clientId: string;
  command: string;
  message: { id: string; seq: number; room: string; text: string; author: { id: string; name: string; kind: string } };
  reply: { text: string };
  cause?: { text: string };
  here: { id: string; name: string }[];
  left: { id: string; name: string }[];
  who: { id: string; name: string };
  mention: boolean;
}

/** A live connection that keeps every frame, so that a test can ask for one that came before it looked. */
export class Live {
  readonly frames: Frame[] = [];
  readonly socket: WebSocket;
  closed: number | undefined;
  private readonly lookers = new Set<() => void>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      this.frames.push(JSON.parse(String(data)));
      this.lookAgain();
    });
    socket.on('close', (code) => {
      this.closed = code;
      this.lookAgain();
    });
    socket.on('error', () => undefined);
  }

  /** Opens a connection with a Bearer token. Rejects with the HTTP status in the message where the upgrade is refused. */
  static async open(url: string, token: string): Promise<Live> {
    return Live.connect(url, { authorization: `Bearer ${token}` });
  }

  /** Opens a connection with any headers. */
  static async connect(url: string, headers: Record<string, string>): Promise<Live> {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/v1/live`, { headers, perMessageDeflate: false });
    const live = new Live(socket);
    await once(socket, 'open');
    return live;
  }

  send(frame: unknown): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** Subscribes and waits until that is confirmed. */
  async subscribe(room: string, after?: number): Promise<Frame> {
    this.send({ type: 'subscribe', room, ...(after === undefined ? {} : { after }) });
    return this.frame('subscribed', (frame) => frame.room === room);
  }

  /** The first frame of this type, or of one of these, that fits; also one that came already. */
  frame(type: string | string[], fits: (frame: Frame) => boolean = () => true): Promise<Frame> {
    const types = [type].flat();
    const what = `a frame "${types.join('" or "')}"`;
    return this.until(what, () => this.frames.find((frame) => types.includes(frame.type) && fits(frame)));
  }

  /** Posts and waits for what the hall says of it: posted, accepted or error. */
  async post(room: string, text: string, clientId: string = randomUUID()): Promise<Frame> {
    this.send({ type: 'post', room, text, clientId });
    const kinds = ['posted', 'accepted', 'error'];
    return this.until(`an answer to "${text.slice(0, 40)}"`, () =>
      this.frames.find((frame) => frame.clientId === clientId && kinds.includes(frame.type)),
    );
  }

  /** Waits until the other side has closed, and gives the close code. */
  whenClosed(): Promise<number> {
    return this.until('the connection to close', () => this.closed);
  }

  close(): void {
    this.socket.terminate();
  }

  private until<T>(what: string, look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => end(() => reject(this.failure(what))), PATIENCE_MS);
      const end = (act: () => void): void => {
        clearTimeout(timer);
        this.lookers.delete(looker);
        act();
      };
      const looker = (): void => {
        const found = look();
        if (found !== undefined) end(() => resolve(found));
        else if (this.closed !== undefined) end(() => reject(this.failure(what)));
      };
      this.lookers.add(looker);
      looker();
    });
  }

  private lookAgain(): void {
    for (const looker of this.lookers) looker();
  }

  private failure(what: string): Error {
    const seen = this.frames.slice(-5).map((frame) => JSON.stringify(frame).slice(0, 200));
    return new Error(`waited for ${what}. Closed: ${this.closed ?? 'no'}. The last frames:\n${seen.join('\n')}`);
  }
}
