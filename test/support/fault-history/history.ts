/**
 * What happened in a run, as plain data that a model can judge. Times are ms by the clock of the process that recorded
 * them all. `unknown`: the client was never told, so the act is there once or not at all.
 */
export interface History {
  acts: Act[];
  readings: Reading[];
  /** Final private answers, in the order in which a connection showed them. */
  told: Told[];
  /** Sentences about what must never be: two texts under one number, a session that ended by itself. */
  wrong: string[];
}

export type Outcome = 'ok' | 'refused' | 'unknown';

/** Something that a client did in a room: it said words, or it asked for something by a command. */
export interface Act {
  kind: 'post' | 'stock' | 'help';
  client: string;
  room: string;
  /** A word that stands in this act alone, and in all answers to it. */
  mark: string;
  /** When it was first sent, however often it was sent again. */
  began: number;
  /** When its outcome was known. */
  ended: number;
  outcome: Outcome;
  /** The client's connection on which it was sent and acknowledged, where that was one and the same. */
  connection?: number;
  /** Of a post: the number that the hall told. */
  seq?: number;
}

/** What one connection showed of a room: numbers in the order in which they came, as runs without a hole. */
export interface Reading {
  client: string;
  connection: number;
  room: string;
  /** The last number that the client had before. */
  after: number;
  runs: [first: number, last: number][];
}

export interface Told {
  client: string;
  connection: number;
  mark: string;
}

/** A room as a hall tells it when all is quiet. */
export interface Kept {
  hall: string;
  room: string;
  messages: KeptMessage[];
}

export interface KeptMessage {
  seq: number;
  text: string;
  bot: boolean;
}

/** The mark in a text. */
export const markIn = (text: string): string | undefined => /\bw\d{6}z\b/i.exec(text)?.[0].toLowerCase();

/** The mark of the nth act of all. */
export const markOf = (n: number): string => `w${String(n).padStart(6, '0')}z`;
