export interface Person {
  id: string;
  name: string;
  role: 'owner' | 'admin' | 'moderator' | 'member';
}

export interface Room {
  id: string;
  name: string;
  kind: 'room' | 'direct' | 'thread';
}

/** A message as one person sees it. */
export interface Seen {
  id: string;
  room: string;
  author: { id: string; name: string; bot: boolean };
  text: string;
  /** The one person who sees it, for ephemeral and direct messages. */
  to?: string;
  /** The message or interaction that it answers, or the thread it is in. */
  replyTo?: string;
  attachments: { name: string; type: string; bytes: number }[];
  /** The platform's own wire form, for tests that look closer. */
  raw: unknown;
}

/** One REST, Web API or IRC line that the program sent. `at` is in ms since the epoch. */
export interface Call {
  at: number;
  method: string;
  path: string;
  body: unknown;
  status: number;
}

/** Chances between 0 and 1: the first two for each event, the last two for each call. */
export interface Rate {
  disconnect: number;
  duplicate: number;
  limited: number;
  broken: number;
}

export interface Faults {
  /** Cuts every client connection without a goodbye. */
  disconnect(): void;
  /** The platform's own request to reconnect. */
  reconnect(): void;
  /** The connection stays open, but nothing is answered any more. */
  silent(on: boolean): void;
  /** The next `times` calls get this status; `match` is part of the path or method, `retryAfter` is in seconds. */
  answer(status: number, times: number, options?: { retryAfter?: number; match?: string }): void;
  /** Every answer to a call is late by so much; 0 ends it. */
  slow(ms: number): void;
  /** The call is carried out, but the connection is cut before the answer. */
  loseAnswers(times: number): void;
  /** Every event is delivered twice. */
  duplicate(on: boolean): void;
  /** Faults by chance, the same ones for the same seed. Without a rate it ends. */
  random(seed: number, rate: Rate | undefined): void;
}

/** What every stand-in of a chat platform offers to a test, to its own page, and to the control addresses. */
export interface Simulator {
  platform: string;
  /** What a person would open in a browser: the simulator's own page. */
  page: string;
  /** Settings that point a program at it, with sample tokens. */
  env: Record<string, string>;
  people: Person[];
  rooms: Room[];
  /** Resolves when a client is connected and ready to get events. */
  connected(): Promise<void>;
  /** A person types a line. Gives the platform's id of it. Throws where the platform's own client would refuse. */
  say(person: string, room: string, text: string): Promise<string>;
  /** What this person sees in the room, oldest first. Without a person: what everybody sees. */
  seen(room: string, person?: string): Seen[];
  /** Delivers the event of this id once more, as the platform does after a lost acknowledgement. */
  again(id: string): void;
  faults: Faults;
  /** What the program sent, newest last. */
  calls: Call[];
  /** Unknown calls, broken rate limits, malformed bodies: a sentence each. Empty when all is well. */
  violations: string[];
  stop(): Promise<void>;
}
