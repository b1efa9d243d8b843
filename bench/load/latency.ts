import type { Latency } from './site.ts';

export interface Run {
  /** When receiver r read its k-th delivery, at r * posts + k; 0 where it never came. */
  at: Float64Array;
  /** Which post (from 0) was the k-th that the server gave out. */
  order: number[];
  /** When each post was written. */
  sentAt: number[];
  /** When the run was over, on the same clock. */
  end: number;
}

/** From the write of each post to the read of its frame, over all deliveries. */
export function latencyOf({ at, order, sentAt, end }: Run): Omit<Latency, 'sent'> {
  const posts = sentAt.length;
  const known = completed(order, posts);
  let delivered = 0;
  const waits = at.map((time, index) => {
    const sent = sentAt[known[index % posts] as number] as number;
    if (time > 0) delivered++;
    return (time > 0 ? time : end) - sent;
  });
  waits.sort();
  const share = (part: number): number => waits[Math.min(waits.length - 1, Math.floor(waits.length * part))] ?? Number.NaN;
  return { p50: share(0.5), p99: share(0.99), delivered: delivered / waits.length };
}

/** The order in which posts came, and behind them those that never did. */
function completed(order: number[], posts: number): number[] {
  const came = order.filter((number) => number >= 0 && number < posts);
  const seen = new Set(came);
  const missing = Array.from({ length: posts }, (_, number) => number).filter((number) => !seen.has(number));
  return [...came, ...missing];
}
