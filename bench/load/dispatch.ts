import { cpuRate } from './cpu-rate.ts';

/** One use of `echo n text`, which moderators may: `7-hello` is the answer to `echo 7 hello`. */
export interface Ask {
  id: number;
  by: 'moderator' | 'member';
  n: string;
  text: string;
}

/** Hands in what the platform would send for this. */
export type Hear = (ask: Ask) => void;

/** Told each request or line that a bot sends: all of it, as built for the wire. */
export type Said = (request: string) => void;

/** Channels that are written in, unless another number is asked for: as many as there are commands under way. */
export const CHANNELS = 32;

/** What each program is asked: to build a bot and to tell what a command costs it. */
export interface Asked<B = object> {
  bot: B & { commands: number };
  pace: Pace;
}

/** Seconds that do not count, and seconds that do. */
export interface Pace {
  warm: number;
  seconds: number;
}

/** Starts a bot whose wire is cut. */
export type Connect = (said: Said) => Promise<Hear>;

/** The names of so many commands; `echo` stands in the middle, which favours nobody who looks through a list. */
export function commandNames(count: number): string[] {
  const middle = Math.floor((count - 1) / 2);
  return Array.from({ length: count }, (_, index) => (index === middle ? 'echo' : `other${index}`));
}

export interface Dispatched {
  /** Processor time of the whole process, user and system, per answered command. */
  microseconds: number;
  /** Requests or lines that the bot sent per command. */
  sent: number;
}

/**
 * What one command costs from the platform's packet to the built request, 32 under way at any time. Throws where the bot
 * answers wrongly, or answers somebody whom it should refuse: then there is nothing to compare.
 */
export async function dispatchCost(connect: Connect, pace: Pace): Promise<Dispatched> {
  const line = await openLine(connect);
  await prove(line);
  const { perCpuSecond } = await cpuRate(() => round(line), pace);
  const before = line.sent();
  const rounds = await round(line);
  return { microseconds: 1e6 / perCpuSecond, sent: (line.sent() - before) / rounds };
}

const IN_FLIGHT = CHANNELS;
const IN_A_ROW = 16;

/** Each of 32 askers asks, waits for the answer, and asks again. */
async function round(line: Line): Promise<number> {
  const asker = async (): Promise<void> => {
    for (let i = 0; i < IN_A_ROW; i++) await line.ask('moderator');
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, asker));
  return IN_FLIGHT * IN_A_ROW;
}

async function prove(line: Line): Promise<void> {
  await bounded(line.ask('moderator'), 'nothing was answered');
  await refuses(line, () => line.ask('member'), /moderator/i);
  await refuses(line, () => line.ask('moderator', 'seven'), /whole.{1,3}number/i);
  await bounded(line.ask('moderator'), 'nothing was answered after a refusal');
}

/** The reason is said, and the answer is not: not even by the time that the next one is answered. */
async function refuses(line: Line, ask: () => Promise<void>, reason: RegExp): Promise<void> {
  const told = line.next(reason);
  let answered = false;
  const wrong = ask().then(() => (answered = true));
  await bounded(Promise.race([told, wrong]), `a refusal for ${reason} did not come`);
  if (!answered) await bounded(line.ask('moderator'), 'nothing was answered after a refusal');
  if (answered) throw new Error(`what should be refused for ${reason} was answered`);
}

async function bounded(work: Promise<unknown>, otherwise: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(otherwise)), 5_000);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

interface Line {
  /** Resolves when the right answer is on its way. */
  ask(by: Ask['by'], n?: string): Promise<void>;
  /** Resolves when something is sent that holds these words. */
  next(words: RegExp): Promise<void>;
  /** Requests so far. */
  sent(): number;
}

async function openLine(connect: Connect): Promise<Line> {
  const waiting = new Map<string, () => void>();
  let id = 0;
  let sent = 0;
  let awaited: { words: RegExp; resolve: () => void } | undefined;
  const hear = await connect((request) => {
    sent++;
    if (awaited?.words.test(request)) awaited.resolve();
    const answer = ANSWER.exec(request)?.[0];
    if (answer === undefined) return;
    waiting.get(answer)?.();
    waiting.delete(answer);
  });
  return {
    ask: (by, n = String((id % 9) + 1)) =>
      new Promise((resolve) => {
        const text = `w${++id}`;
        waiting.set(`${n}-${text}`, resolve);
        hear({ id, by, n, text });
      }),
    next: (words) =>
      new Promise((resolve) => {
        awaited = { words, resolve };
      }),
    sent: () => sent,
  };
}

/** The words of an answer as they stand in JSON, in a form and in an IRC line alike. */
const ANSWER = /\b\d+-w\d+\b/;
