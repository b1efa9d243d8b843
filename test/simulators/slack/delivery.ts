import { setTimeout as pause } from 'node:timers/promises';
import type { FaultBoard } from './faults.ts';
import type { Carrier, Envelope, Outcome, SlackOptions, Wire } from './wire.ts';
import { keep } from './workspace.ts';

/** Carries events to the program until it acknowledges them, and gives up after the last attempt. */
export class Delivery {
  readonly lost: string[] = [];
  /** Who carries: the links of Socket Mode, or signed HTTP. */
  carrier: Carrier;
  readonly #faults: FaultBoard;
  readonly #retryAfterMs: number[];
  readonly #ended = new AbortController();

  constructor(carrier: Carrier, faults: FaultBoard, options: SlackOptions) {
    this.carrier = carrier;
    this.#faults = faults;
    this.#retryAfterMs = options.retryAfterMs;
  }

  /** Sends an event; `attempt` counts from 0, and a later one carries its number and reason. */
  event(payload: Wire, attempt = 0): void {
    const { cutBefore, twice } = this.#faults.forEvent();
    if (cutBefore) this.#faults.disconnect();
    void this.#untilAcknowledged(payload, attempt);
    if (twice) void this.#untilAcknowledged(payload, attempt + 1);
  }

  /** A slash command or a button press: one attempt, and the person learns of its failure. */
  interaction(type: 'slash_commands' | 'interactive', payload: Wire): Promise<Outcome> {
    return this.carrier.carry({ type, payload, attempt: 0, reason: '' });
  }

  stop(): void {
    this.#ended.abort();
  }

  async #untilAcknowledged(payload: Wire, first: number): Promise<void> {
    const envelope: Envelope = { type: 'events_api', payload, attempt: first, reason: first === 0 ? '' : 'timeout' };
    for (; envelope.attempt <= this.#retryAfterMs.length; envelope.attempt += 1) {
      const wait = this.#retryAfterMs[envelope.attempt - 1] ?? 0;
      if (envelope.attempt > first && !(await this.#wait(wait))) return;
      const { ok, reason, noRetry } = await this.carrier.carry({ ...envelope });
      if (ok) return;
      if (noRetry) break;
      envelope.reason = reason;
    }
    if (!this.#ended.signal.aborted) keep(this.lost, String(payload.event_id));
  }

  /** Gives false where the stand-in was stopped meanwhile. */
  #wait(ms: number): Promise<boolean> {
    return pause(ms, true, { signal: this.#ended.signal }).catch(() => false);
  }
}
