import { LIMITS } from '#core/limits.ts';
import type { FailureRule, RateStore } from '#core/rate.ts';

/**
 * Slows down who guesses: per username and address, and where many addresses guess one name, each of them to a few tries. Nobody is
 * kept out by what others do: an address without wrong tries of its own always has some.
 */
export interface LoginThrottle {
  /** Seconds to wait before the next try; 0 for now. */
  wait(username: string, address: string): Promise<number>;
  failed(username: string, address: string): Promise<void>;
  succeeded(username: string, address: string): Promise<void>;
}

/** 5 wrong → 10 s, 10 → 20 s, 15 → 40 s, doubling on, up to an hour. An hour without any forgets them. */
const PER_PAIR: FailureRule = {
  every: LIMITS.wrongLogins,
  firstWait: LIMITS.wrongLoginWait,
  longestWait: 3_600,
  forgetAfter: 3_600,
};

const PER_NAME = { uses: LIMITS.wrongLoginsPerName, perSeconds: 3_600 };

/** What each address has while many guess one name. */
const FEW = { uses: LIMITS.wrongLoginsOfMany, perSeconds: 3_600 };

/** A pair waits for its failures alone. */
const ENDLESS = { uses: Number.MAX_SAFE_INTEGER, perSeconds: 1 };

/** Guesses add up in whatever counts for all who share `rates`. */
export function loginThrottle(rates: RateStore): LoginThrottle {
  return {
    async wait(username, address) {
      const own = rates.wait([{ key: pairKey(username, address), rate: ENDLESS }]);
      const ofName = rates.wait([{ key: nameKey(username), rate: PER_NAME }]);
      if ((await ofName) === 0) return own;
      return Math.max(await own, await rates.wait([{ key: fewKey(username, address), rate: FEW }]));
    },
    async failed(username, address) {
      const ofName = rates.take([{ key: nameKey(username), rate: PER_NAME }]);
      const few = rates.take([{ key: fewKey(username, address), rate: FEW }]);
      await Promise.all([rates.failed(pairKey(username, address), PER_PAIR), ofName, few]);
    },
    succeeded: (username, address) => rates.forget(pairKey(username, address), PER_PAIR),
  };
}

function pairKey(username: string, address: string): string {
  return `login-pair ${network(address)} ${username.toLowerCase()}`;
}

function fewKey(username: string, address: string): string {
  return `login-few ${network(address)} ${username.toLowerCase()}`;
}

function nameKey(username: string): string {
  return `login-name ${username.toLowerCase()}`;
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
