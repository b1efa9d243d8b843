import type { Latency } from './site.ts';

export interface Run {
  /** When receiver r read its k-th delivery, at r * posts + k; 0 where it never came. */
  at: Float64Array;
  /** Which post (from 0) was the k-th that the server gave out. */
  order: number[];
  /** When each post was written. */
  sentAt: number[];
  /** Posts of the warm-up: the first ones, not measured. */
  before: number;
  /** When the run was over, on the same clock. */
  end: number;
}

/** From the write of each post to the read of its frame, over all deliveries but the warm-up's. */
export function latencyOf({ at, order, sentAt, before, end }: Run): Omit<Latency, 'sent'> {
  const posts = sentAt.length;
  const known = completed(order, posts);
  const waits = new Float64Array((at.length / posts) * (posts - before));
  let [filled, delivered] = [0, 0];
  for (let index = 0; index < at.length; index++) {
    const number = known[index % posts] as number;
    if (number < before) continue;
    const time = at[index] as number;
    if (time > 0) delivered++;
    waits[filled++] = (time > 0 ? time : end) - (sentAt[number] as number);
  }
  waits.sort();
  const share = (part: number): number =>
    waits[Math.min(waits.length - 1, Math.floor(waits.length * part))] ?? Number.NaN;
  return { p50: share(0.5), p99: share(0.99), delivered: delivered / waits.length };
}

/** The order in which posts came, and behind them those that never did. */
function completed(order: number[], posts: number): number[] {
  const seen = new Set(order);
  return [...order, ...Array.from({ length: posts }, (_, number) => number).filter((number) => !seen.has(number))];
}
