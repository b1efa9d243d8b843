import type { Clock } from '#core/clock.ts';
import { LIMITS } from '#core/limits.ts';
import { rateTable } from '#core/rate.ts';

/** Slows down who guesses: per username and address, and with a high cap per username over all addresses. */
export interface LoginThrottle {
  /** Seconds to wait before the next try; 0 for now. */
  wait(username: string, address: string): number;
  failed(username: string, address: string): void;
  succeeded(username: string, address: string): void;
}

const FORGET_MS = 3_600_000;

/** Seconds. */
const LONGEST = 3_600;

/** 5 wrong → 10 s, 10 → 20 s, 15 → 40 s, doubling on, up to an hour. */
export function loginThrottle(clock: Clock): LoginThrottle {
  const wrong = new Map<string, { count: number; until: number; last: number }>();
  const names = rateTable(clock);
  const perName = { uses: LIMITS.wrongLoginsPerName, perSeconds: 3_600 };
  const keyOf = (username: string, address: string): string => `${username.toLowerCase()} ${network(address)}`;
  return {
    wait(username, address) {
      const entry = wrong.get(keyOf(username, address));
      const left = Math.ceil(((entry?.until ?? 0) - clock()) / 1000);
      // A clock that was set back makes nobody wait longer than the longest wait.
      return Math.max(0, Math.min(left, LONGEST), names.wait(username.toLowerCase(), perName));
    },
    failed(username, address) {
      const key = keyOf(username, address);
      const now = clock();
      const before = wrong.get(key);
      const count = before && now - before.last < FORGET_MS ? before.count + 1 : 1;
      // Guesses that were under way already do not take the wait away again.
      const until = Math.max(before?.until ?? 0, now + waitAfter(count) * 1000);
      wrong.delete(key);
      wrong.set(key, { count, until, last: now });
      if (wrong.size > LIMITS.rateKeys) wrong.delete(wrong.keys().next().value as string);
      names.use(username.toLowerCase(), perName);
    },
    succeeded(username, address) {
      wrong.delete(keyOf(username, address));
    },
  };
}

function waitAfter(count: number): number {
  if (count % LIMITS.wrongLogins !== 0) return 0;
  return Math.min(LONGEST, LIMITS.wrongLoginWait * 2 ** (count / LIMITS.wrongLogins - 1));
}

/** IPv6 by /64, which one person has whole; IPv4, also mapped, by address. */
export function network(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1] as string;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter(Boolean);
  if (tail !== undefined) {
    const end = tail.split(':').filter(Boolean);
    while (groups.length + end.length < 8) groups.push('0');
    groups.push(...end);
  }
  return `${groups.slice(0, 4).join(':')}::/64`;
}
