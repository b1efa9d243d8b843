import type { Call } from '#test/simulators/shared/simulator.ts';
import type { FaultState } from './faults.ts';
import type { ChatLimits } from './limits.ts';
import type { Tokens } from './tokens.ts';
import type { World } from './world.ts';

/** Everything that the parts of one simulator share. */
export interface Hub {
  world: World;
  limits: ChatLimits;
  tokens: Tokens;
  faults: FaultState;
  log: Log;
  clock: () => number;
}

export interface Log {
  calls: Call[];
  violations: string[];
  call(call: Omit<Call, 'at'>): void;
  violation(sentence: string): void;
}

/** Lists forget their oldest: a simulator that runs for days must not grow. */
export const KEPT = 5_000;

export function createLog(): Log {
  const calls: Call[] = [];
  const violations: string[] = [];
  return {
    calls,
    violations,
    call: (call) => keep(calls, { at: Date.now(), ...call }),
    violation: (sentence) => keep(violations, sentence),
  };
}

export function keep<T>(list: T[], one: T): void {
  list.push(one);
  if (list.length > KEPT) list.shift();
}
