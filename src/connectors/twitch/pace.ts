import type { Pace } from '#bus/outbound-queue.ts';
import type { ChatLimits } from './twitch.external.ts';

/** What a channel's standing means for what may be said there. */
export interface Standing {
  /** Twitch's higher limit holds: the bot is the broadcaster, a moderator or a VIP. */
  privileged: boolean;
  /** Seconds of slow mode. */
  slow: number;
}

export interface ChatPace extends Pace {
  /** All that count now, oldest first; and those that an earlier process sent. */
  readonly sent: Window;
  /** Twitch answered the line that was taken last: it counted it before now, and not before it was taken. */
  answered(room: string, now: number): void;
}

/**
 * Twitch's send limits for one account, as sliding windows. Lines to moderated channels count too: one to another channel
 * goes only while fewer than `plain` of any kind went. So that it does not wait for ever, all keep to `plain` while one waits.
 */
export function chatPace(limits: ChatLimits, standing: (room: string) => Standing | undefined): ChatPace {
  const sent = new Window(limits.windowMs);
  const rooms = new Map<string, RoomPace>();
  const isPlain = (room: string): boolean => standing(room)?.privileged === false;
  const count = (room: string, now: number): number => rooms.get(room)?.sent.count(now) ?? 0;

  /** ms until the channel takes another line, where the bot is nobody special. */
  function pause(room: string, now: number): number {
    const channel = standing(room);
    if (!channel || channel.privileged) return 0;
    const gap = Math.max(limits.pauseMs, channel.slow > 0 ? channel.slow * 1_000 + SLOW_MARGIN_MS : 0);
    return (rooms.get(room)?.last ?? -Infinity) + gap - now;
  }

  /** The last free lines are left to channels that had fewer and only pause: else those without a pause would take all. */
  function leave(room: string, now: number, { free, waiting }: { free: number; waiting: Iterable<string> }): number {
    const own = count(room, now);
    let owed = 0;
    let soonest = limits.pauseMs;
    for (const other of waiting) {
      const rest = pause(other, now);
      if (rest <= 0 || standing(other)?.slow !== 0 || count(other, now) >= own) continue;
      owed++;
      soonest = Math.min(soonest, rest);
    }
    return free > owed ? 0 : soonest;
  }

  return {
    sent,
    wait(room, now, waiting) {
      const most = isPlain(room) || some(waiting, isPlain) ? limits.plain : limits.privileged;
      const ms = Math.max(0, pause(room, now), sent.wait(most, now));
      return ms > 0 ? ms : leave(room, now, { free: most - sent.count(now), waiting });
    },
    took(room, now) {
      const one = rooms.get(room) ?? { sent: new Window(limits.windowMs), last: now };
      rooms.set(room, one);
      one.last = now;
      for (const window of [sent, one.sent]) window.add(now);
    },
    answered(room, now) {
      const one = rooms.get(room);
      if (!one) return;
      one.last = now;
      for (const window of [sent, one.sent]) window.moveLast(now);
    },
  };
}

interface RoomPace {
  sent: Window;
  last: number;
}

/** Slow mode is told in whole seconds. */
const SLOW_MARGIN_MS = 300;

/** So many events in one second: `at` is its number since 1970. */
export type InSecond = [at: number, count: number];

/** Times of the newest events, as many as fall into a window. */
export class Window {
  readonly #ms: number;
  readonly #times: number[] = [];
  readonly #seconds = new Map<number, number>();

  constructor(ms: number) {
    this.#ms = ms;
  }

  add(now: number): void {
    this.#times.push(now);
    this.#count(now, 1);
  }

  count(now: number): number {
    while ((this.#times[0] ?? Infinity) <= now - this.#ms) this.#count(this.#times.shift() as number, -1);
    return this.#times.length;
  }

  /** ms until fewer than `most` are in it. */
  wait(most: number, now: number): number {
    const over = this.count(now) - most;
    return over < 0 ? 0 : (this.#times[over] ?? now) + this.#ms - now;
  }

  /** What is in it by seconds: as short as the window, however much was sent. */
  get seconds(): InSecond[] {
    return [...this.#seconds];
  }

  /**
   * Puts what an earlier process noted before its own, each at the end of its second. What the clock has not reached yet is
   * none. One more is counted: what was on its way at a kill had not been noted.
   */
  restore(noted: readonly unknown[], now: number): void {
    const known = noted
      .filter(isInSecond)
      .filter(([at]) => at * 1_000 <= now)
      .flatMap(([at, count]) => Array.from({ length: count }, () => Math.min(now, at * 1_000 + 999)));
    if (known.some((time) => time > now - this.#ms)) known.push(now);
    for (const time of known) this.#count(time, 1);
    this.#times.unshift(...known);
    this.#times.sort((a, b) => a - b);
  }

  moveLast(now: number): void {
    const last = this.#times.pop();
    if (last === undefined) return;
    this.#count(last, -1);
    this.add(now);
  }

  #count(time: number, more: number): void {
    const at = Math.floor(time / 1_000);
    const count = (this.#seconds.get(at) ?? 0) + more;
    if (count > 0) this.#seconds.set(at, count);
    else this.#seconds.delete(at);
  }
}

/** More in one second than any limit of Twitch gives in a window is a mistake. */
const MOST_IN_SECOND = 10_000;

function isInSecond(value: unknown): value is InSecond {
  const [at, count] = Array.isArray(value) ? (value as unknown[]) : [];
  return (
    Number.isSafeInteger(at) &&
    Number.isSafeInteger(count) &&
    (count as number) > 0 &&
    (count as number) <= MOST_IN_SECOND
  );
}

function some(rooms: Iterable<string>, test: (room: string) => boolean): boolean {
  for (const room of rooms) if (test(room)) return true;
  return false;
}
