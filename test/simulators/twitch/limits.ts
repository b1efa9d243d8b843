import { texts } from './texts.ts';

/** How many and how often. Times are in ms. */
export interface LimitSettings {
  /** Messages in a window where the account is nobody special. */
  plain: number;
  /** Messages in a window anywhere: the limit that is left to broadcasters, moderators and VIPs. */
  privileged: number;
  windowMs: number;
  /** How long nothing of an account comes through once it went over. */
  quietMs: number;
  /** The least time between two messages in one channel. */
  pauseMs: number;
  /** For how long the last line in a channel may not be repeated. */
  repeatMs: number;
  joins: number;
  logins: number;
  joinWindowMs: number;
}

/** https://dev.twitch.tv/docs/chat/#rate-limits; the pause and the repeat were measured by those who write bots. */
export const TWITCH_LIMITS: LimitSettings = {
  plain: 20,
  privileged: 100,
  windowMs: 30_000,
  quietMs: 30 * 60_000,
  pauseMs: 1_000,
  repeatMs: 30_000,
  joins: 20,
  logins: 20,
  joinWindowMs: 10_000,
};

/** One message that an account wants to say. `slow` is the channel's slow mode in seconds. */
export interface Attempt {
  account: string;
  channel: string;
  privileged: boolean;
  slow: number;
  text: string;
}

/** A drop without `notice` is silent. A `violation` says which limit was broken. */
export type Verdict =
  | { ok: true }
  | { ok: false; code: string; notice?: { id: string; text: string }; violation?: string };

export interface ChatLimits {
  /** Counts the message, and says whether it comes through. */
  judge(attempt: Attempt): Verdict;
  /** Gives false where the account joined too often. */
  mayJoin(account: string): boolean;
  /** Gives false where the account logged in too often. */
  mayLogIn(account: string): boolean;
}

/** The limits of Twitch's chat, judged by the given clock (ms). All windows slide. */
export function createLimits(clock: () => number, settings: LimitSettings = TWITCH_LIMITS): ChatLimits {
  const accounts = new Map<string, Sent>();
  const sentBy = (account: string): Sent => {
    const known = accounts.get(account) ?? {
      all: [],
      plain: [],
      joins: [],
      logins: [],
      quietUntil: 0,
      last: new Map(),
    };
    accounts.set(account, known);
    return known;
  };
  const joinWindow = (times: number[], most: number): boolean => count(times, clock(), settings.joinWindowMs) <= most;
  return {
    judge: (attempt) => judge({ attempt, sent: sentBy(attempt.account), now: clock(), settings }),
    mayJoin: (account) => joinWindow(sentBy(account).joins, settings.joins),
    mayLogIn: (account) => joinWindow(sentBy(account).logins, settings.logins),
  };
}

interface Sent {
  all: number[];
  plain: number[];
  joins: number[];
  logins: number[];
  quietUntil: number;
  last: Map<string, { at: number; text: string }>;
}

interface Case {
  attempt: Attempt;
  sent: Sent;
  now: number;
  settings: LimitSettings;
}

/** Puts `now` into the window and gives how many are in it. What is dropped counts too. */
function count(times: number[], now: number, windowMs: number): number {
  const old = times.findIndex((at) => at > now - windowMs);
  times.splice(0, old < 0 ? times.length : old);
  times.push(now);
  return times.length;
}

function judge(one: Case): Verdict {
  const { attempt, sent, now, settings } = one;
  const all = count(sent.all, now, settings.windowMs);
  const plain = attempt.privileged ? 0 : count(sent.plain, now, settings.windowMs);
  if (now < sent.quietUntil) return { ok: false, code: 'quiet' };
  if (all > settings.privileged || plain > settings.plain) return goQuiet(one, all > settings.privileged);
  const refused = attempt.privileged ? undefined : (tooSoon(one) ?? repeated(one));
  if (refused) return refused;
  sent.last.set(attempt.channel, { at: now, text: attempt.text });
  return { ok: true };
}

function goQuiet({ attempt, sent, now, settings }: Case, overall: boolean): Verdict {
  sent.quietUntil = now + settings.quietMs;
  const most = overall ? settings.privileged : settings.plain;
  return { ok: false, code: 'over-limit', violation: texts.overLimit(attempt.account, most, settings.windowMs) };
}

function tooSoon({ attempt, sent, now, settings }: Case): Verdict | undefined {
  const waited = now - (sent.last.get(attempt.channel)?.at ?? -Infinity);
  const left = attempt.slow * 1_000 - waited;
  if (left > 0) return dropped('msg_slowmode', texts.slowMode(Math.ceil(left / 1_000)));
  return waited < settings.pauseMs ? dropped('msg_ratelimit', texts.tooQuick) : undefined;
}

function repeated({ attempt, sent, now, settings }: Case): Verdict | undefined {
  const last = sent.last.get(attempt.channel);
  if (!last || last.text !== attempt.text || now - last.at >= settings.repeatMs) return undefined;
  return dropped('msg_duplicate', texts.repeated);
}

const dropped = (id: string, text: string): Verdict => ({ ok: false, code: id, notice: { id, text } });
