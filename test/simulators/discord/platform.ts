import type { Call, Rate } from '#test/simulators/shared/simulator.ts';
import type { Interactions } from './interactions.ts';
import type { Sessions } from './sessions.ts';
import type { Channel, Guild, Message, World } from './world.ts';

/** How many calls, violations, events and messages of a room are kept: the newest. */
export const KEPT = 5_000;

/** A limit of calls in a time, as of a bucket. */
export interface Limit {
  calls: number;
  perMs: number;
}

/** Numbers of the platform that a test may want to be smaller. */
export interface Settings {
  port: number;
  rooms: string[];
  people: string[];
  /** How the application and its bot are called, and the guild that it is in. */
  bot: string;
  guild: string;
  /** How often a client must say that it lives. */
  heartbeatMs: number;
  /** Messages of the bot in one channel. */
  messageLimit: Limit;
  /** Deletions of many messages at once in one channel. */
  bulkLimit: Limit;
  /** Answers after the first one to one interaction. */
  followUpLimit: Limit;
  /** All authorized calls of the bot together. */
  globalLimit: Limit;
  /** Within this time an interaction must be answered. */
  answerWithinMs: number;
  /** So long the token of an interaction lives. */
  tokenLifeMs: number;
  /** So long a dropped session can be resumed. */
  resumeWithinMs: number;
  /** So long the same nonce gives the same message. */
  nonceLifeMs: number;
  /** Two clients may not identify within this time; Discord's own is 5 s. */
  identifyEveryMs: number;
  /** The privileged intents that the application was granted. */
  privileged: number;
  /** Any token of the right form is taken, and not the sample one alone. */
  anyToken: boolean;
  /** The largest file in bytes. */
  largestFile: number;
}

/** Faults that are switched on. */
export interface FaultState {
  answers: { status: number; left: number; retryAfter: number | undefined; match: string | undefined }[];
  slowMs: number;
  lose: { left: number; match: string | undefined };
  duplicate: boolean;
  random: { chance: () => number; rate: Rate } | undefined;
}

/** Everything that the parts of the stand-in share. */
export interface Platform {
  settings: Settings;
  world: World;
  /** `http://127.0.0.1:PORT`, known as soon as it listens. */
  base: string;
  token: string;
  sessions: Sessions;
  interactions: Interactions;
  faults: FaultState;
  calls: Call[];
  violations: string[];
  /** The bytes of what was uploaded, by the attachment's id. */
  files: Map<string, Buffer>;
  /** Which message a nonce of the bot made, and when. */
  nonces: Map<string, { message: Message; at: number }>;
}

/** Something that happened, for every session that may hear of it. */
export interface Happening {
  name: string;
  /** Where any of these intents is enough; 0 where none is needed. */
  intents: number;
  guild?: Guild;
  /** Told only where the bot sees this channel. */
  channel?: Channel;
  /** By which `again` finds it: a message's or an interaction's id. */
  key?: string;
  /** What a session with these intents is told. */
  tell(intents: number): unknown;
}

/** Adds to a list and forgets the oldest beyond KEPT. */
export function keep<T>(list: T[], item: T, most: number = KEPT): void {
  list.push(item);
  if (list.length > most) list.splice(0, list.length - most);
}

/** Adds to a map and forgets the oldest beyond `most`. */
export function keepIn<K, V>(map: Map<K, V>, key: K, value: V, most: number = KEPT): void {
  map.delete(key);
  map.set(key, value);
  const oldest = map.keys().next();
  if (map.size > most && !oldest.done) map.delete(oldest.value);
}

export function violate(platform: Platform, sentence: string): void {
  keep(platform.violations, sentence);
}
