import { setTimeout as pause } from 'node:timers/promises';
import WebSocket from 'ws';
import { type Act, markIn, type Reading, type Told } from '#test/support/fault-history/history.ts';
import type { Frame } from '#test/support/live.ts';

export interface ClientStart {
  name: string;
  token: string;
  room: string;
  /** The addresses of the halls; it goes to the next one whenever it loses one. */
  halls: string[];
  /** By which of them it begins. */
  turn: number;
}

/** Told what clients see and do. */
export interface Recorder {
  reading(reading: Reading): void;
  told(told: Told): void;
  /** What a room shows under a number. */
  shows(room: string, seq: number, text: string): void;
  wrong(sentence: string): void;
}

/**
 * A client as the pages have it: one connection at a time, to whichever hall is there; it asks for what it missed by the last
 * number it has, reads pages after a gap, and sends what was not acknowledged again under the same id.
 */
export class ChatClient {
  readonly name: string;
  readonly room: string;
  /** The last number that it has. */
  last = 0;
  readonly #start: ClientStart;
  readonly #recorder: Recorder;
  readonly #waiting = new Map<string, (frame: Frame | undefined) => void>();
  #socket: WebSocket | undefined;
  #connection = 0;
  #turn: number;
  #reading: Reading | undefined;
  /** While pages are read, what comes live waits. */
  #held: Frame[] | undefined;
  #over = false;

  constructor(start: ClientStart, recorder: Recorder) {
    this.#start = start;
    this.#recorder = recorder;
    this.#turn = start.turn;
    this.name = start.name;
    this.room = start.room;
  }

  /** Stays connected until `close`. */
  async run(): Promise<void> {
    while (!this.#over) {
      await this.#connectOnce().catch(() => undefined);
      if (!this.#over) await pause(PAUSE_MS * (1 + Math.random()));
    }
  }

  /** Counts from 1. */
  get connection(): number {
    return this.#connection;
  }

  close(): void {
    this.#over = true;
    this.#socket?.terminate();
  }

  /** Sends it once; gives what the hall says, or undefined where it says nothing in time or the connection is lost. */
  async send(text: string, clientId: string): Promise<Frame | undefined> {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return void (await pause(PAUSE_MS));
    const answer = new Promise<Frame | undefined>((resolve) => this.#waiting.set(clientId, resolve));
    const late = setTimeout(() => this.#answered(clientId, undefined), ANSWER_MS);
    socket.send(JSON.stringify({ type: 'post', room: this.room, text, clientId }));
    const frame = await answer;
    clearTimeout(late);
    // A line on which nothing comes is as good as cut: another hall may be better.
    if (!frame) socket.terminate();
    return frame;
  }

  async #connectOnce(): Promise<void> {
    const { token, halls } = this.#start;
    const hall = halls[this.#turn++ % halls.length] as string;
    const connection = ++this.#connection;
    const options = {
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
      handshakeTimeout: CONNECT_MS,
    };
    const socket = new WebSocket(`${hall.replace(/^http/, 'ws')}/v1/live`, options);
    this.#socket = socket;
    await new Promise<void>((resolve) => {
      socket.on('open', () => this.#follow(socket, connection));
      socket.on('message', (data) => this.#take(JSON.parse(String(data)), hall));
      socket.on('unexpected-response', (_request, { statusCode }) => {
        if (statusCode === 401) this.#recorder.wrong(`${this.name} was signed out: 401`);
        socket.terminate();
      });
      socket.on('error', () => undefined);
      socket.on('close', (code) => {
        if (code === SESSION_ENDED) this.#recorder.wrong(`${this.name} was signed out: ${code}`);
        resolve();
      });
    });
    for (const clientId of this.#waiting.keys()) this.#answered(clientId, undefined);
  }

  #follow(socket: WebSocket, connection: number): void {
    this.#reading = { client: this.name, connection, room: this.room, after: this.last, runs: [] };
    this.#held = undefined;
    this.#recorder.reading(this.#reading);
    socket.send(JSON.stringify({ type: 'subscribe', room: this.room, after: this.last }));
  }

  async #followLater(): Promise<void> {
    const [socket, connection] = [this.#socket, this.#connection];
    await pause(PAUSE_MS);
    if (socket === this.#socket && socket?.readyState === WebSocket.OPEN) this.#follow(socket, connection);
  }

  #take(frame: Frame, hall: string): void {
    switch (frame.type) {
      case 'message':
        if (this.#held) this.#held.push(frame);
        else this.#show(frame.message);
        return;
      case 'gap':
        return void this.#readOn(hall);
      case 'error':
        // Without an id it is about following the room: the hall could not just then.
        if (frame.clientId === undefined) return void this.#followLater();
        return this.#answered(frame.clientId, frame);
      case 'posted':
      case 'accepted':
        return this.#answered(frame.clientId, frame);
      case 'private': {
        const mark = markIn(frame.reply.text);
        if (mark !== undefined && !frame.reply.text.includes('Looking up'))
          this.#recorder.told({ client: this.name, connection: this.#connection, mark });
      }
    }
  }

  #answered(clientId: string, frame: Frame | undefined): void {
    this.#waiting.get(clientId)?.(frame);
    this.#waiting.delete(clientId);
  }

  #show({ seq, text }: Frame['message']): void {
    const runs = this.#reading?.runs ?? [];
    const run = runs.at(-1);
    if (run && run[1] + 1 === seq) run[1] = seq;
    else runs.push([seq, seq]);
    this.last = Math.max(this.last, seq);
    this.#recorder.shows(this.room, seq, text);
  }

  /** After a gap: pages, then what came live meanwhile and was not in them. */
  async #readOn(hall: string): Promise<void> {
    if (this.#held) return;
    const held: Frame[] = [];
    this.#held = held;
    try {
      while (this.#held === held && (await this.#readPage(hall, held)));
    } catch {
      this.#socket?.terminate();
    }
    if (this.#held !== held) return;
    this.#held = undefined;
    for (const { message } of held) if (message.seq > this.last) this.#show(message);
  }

  async #readPage(hall: string, held: Frame[]): Promise<boolean> {
    const path = `/v1/rooms/${this.room}/messages?limit=${PAGE}&after=${this.last}`;
    const messages = await readMessages(hall + path, this.#start.token);
    if (this.#held === held) messages.forEach((message) => this.#show(message));
    return messages.length === PAGE;
  }
}

export const PAGE = 200;

/** One page of a room. Rejects where there is none. */
export async function readMessages(url: string, token: string): Promise<Frame['message'][]> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_MS) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return ((await answer.json()) as { messages: Frame['message'][] }).messages;
}

/** What becomes of an act: the hall's word, sent again until there is one, as long as `goOn` says so. */
export async function doAct(
  client: ChatClient,
  act: Act,
  { text, goOn }: { text: string; goOn(): boolean },
): Promise<void> {
  const first = client.connection;
  while (act.outcome === 'unknown' && goOn()) {
    const answer = await client.send(text, act.mark);
    act.ended = performance.now();
    if (answer?.type === 'accepted' && client.connection === first) act.connection = first;
    if (answer?.type === 'posted') Object.assign(act, { outcome: 'ok', seq: answer.message.seq });
    else if (answer?.type === 'accepted') act.outcome = 'ok';
    else if (answer && !OURS.has(answer.code)) act.outcome = 'refused';
    else if (answer) await pause(PAUSE_MS);
  }
}

/** Codes by which a hall says that it cannot just now: whether it was done is not known. */
const OURS = new Set(['not-ready', 'not-stored', 'our-mistake']);

/** ms before the next try. */
const PAUSE_MS = 300;

/** ms within which a hall must answer; one that stands still does not. */
const ANSWER_MS = 6_000;
const CONNECT_MS = 3_000;

/** The close code of a session that ended. */
const SESSION_ENDED = 4_401;
