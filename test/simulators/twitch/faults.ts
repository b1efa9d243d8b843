import type { Rate } from '#test/simulators/shared/simulator.ts';

/** An answer that is given instead of the real one. `retryAfter` is in seconds. */
export interface Instead {
  status: number;
  retryAfter?: number;
}

/** What goes wrong at the moment, and by chance. */
export interface FaultState {
  silent: boolean;
  duplicate: boolean;
  slowMs: number;
  planned: (Instead & { times: number; match: string })[];
  lost: number;
  chance: { next: () => number; rate: Rate } | undefined;
}

export const createFaults = (): FaultState => ({
  silent: false,
  duplicate: false,
  slowMs: 0,
  planned: [],
  lost: 0,
  chance: undefined,
});

/**
 * What the call gets instead of its answer, or undefined. A line of chat is a call too, but only where the fault names
 * it: a fault without a name is for the API.
 */
export function insteadOf(faults: FaultState, call: string, isChat = false): Instead | undefined {
  const planned = faults.planned.find(({ match }) => call.includes(match) && !(isChat && match === ''));
  if (!planned) return byChance(faults);
  planned.times -= 1;
  faults.planned = faults.planned.filter(({ times }) => times > 0);
  return planned;
}

/** Whether this call's answer is lost. Each one that is counts. */
export function losesAnswer(faults: FaultState): boolean {
  if (faults.lost <= 0) return false;
  faults.lost -= 1;
  return true;
}

export interface EventFault {
  copies: number;
  cut: boolean;
}

/** How often an event goes out, and whether the connection is cut after it. */
export function eventFault({ duplicate, chance }: FaultState): EventFault {
  const happens = (what: 'duplicate' | 'disconnect'): boolean => !!chance && chance.next() < chance.rate[what];
  return { copies: happens('duplicate') || duplicate ? 2 : 1, cut: happens('disconnect') };
}

/** Numbers between 0 and 1, the same for the same seed: splitmix with 32 bits, as a plain counter would show patterns. */
export function chanceFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    const once = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    const twice = Math.imul(once ^ (once >>> 15), 0x735a2d97);
    return ((twice ^ (twice >>> 15)) >>> 0) / 2 ** 32;
  };
}

function byChance({ chance }: FaultState): Instead | undefined {
  if (!chance) return undefined;
  if (chance.next() < chance.rate.limited) return { status: 429 };
  return chance.next() < chance.rate.broken ? { status: 503 } : undefined;
}
