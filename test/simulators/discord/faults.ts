import type { Faults } from '#test/simulators/shared/simulator.ts';
import { OPS } from './connection.ts';
import type { Gateway } from './gateway.ts';
import type { FaultState, Platform } from './platform.ts';

/** The faults of every stand-in, and those that Discord alone has. */
export interface DiscordFaults extends Faults {
  /** The session is no longer good; resumable tells whether the client may try to go on with it. */
  invalidSession(resumable: boolean): void;
  /** As the shared fault; `match` is part of the method or path. */
  loseAnswers(times: number, match?: string): void;
  /** The platform asks for a heartbeat at once. */
  askHeartbeat(): void;
  /** Closes every connection with this code, as 4000 or 1001. */
  close(code: number): void;
}

export const noFaults = (): FaultState => ({
  answers: [],
  slowMs: 0,
  lose: { left: 0, match: undefined },
  duplicate: false,
  random: undefined,
});

export function createFaults(platform: Platform, gateway: Gateway): DiscordFaults {
  const state = platform.faults;
  const toAll = (op: number, d: unknown): void => {
    for (const one of gateway.connections) one.send({ op, d });
  };
  return {
    disconnect() {
      for (const one of gateway.connections) one.socket.terminate();
    },
    reconnect: () => toAll(OPS.reconnect, null),
    silent(on) {
      for (const one of gateway.connections) one.mute = on;
    },
    answer: (status, times, { retryAfter, match } = {}) =>
      void state.answers.push({ status, left: times, retryAfter, match }),
    slow: (ms) => void (state.slowMs = ms),
    loseAnswers: (times, match) => void (state.lose = { left: times, match }),
    duplicate: (on) => void (state.duplicate = on),
    random: (seed, rate) => void (state.random = rate && { chance: dice(seed), rate }),
    invalidSession: (resumable) => invalidate(platform, gateway, resumable),
    askHeartbeat: () => toAll(OPS.heartbeat, null),
    close(code) {
      for (const one of gateway.connections) one.close(code, '');
    },
  };
}

/** The client may go on with its session only where it is resumable; either way it must sign in again. */
function invalidate({ sessions }: Platform, { connections }: Gateway, resumable: boolean): void {
  for (const one of connections) {
    if (!one.session) continue;
    one.session.send = undefined;
    if (!resumable) sessions.drop(one.session);
    one.session = undefined;
    one.send({ op: OPS.invalidSession, d: resumable });
  }
}

/** Numbers from 0 to 1 that look like chance and are the same for the same seed (mulberry32). */
function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
