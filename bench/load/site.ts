import type { Mark } from './frames.ts';

/** Where and how the load clients talk to one server: all that differs between ours and a peer. */
export interface Site {
  port: number;
  /** Path of the upgrade. */
  path: string;
  /** Bearer tokens, dealt out in turn; none where the server knows no people. */
  tokens: string[];
  /** After the upgrade: wait for a text that holds `until`, then send `say`, and so on. */
  greeting: { until?: string; say?: string }[];
  /** What tells a delivery of a post. */
  delivery: Mark;
  /** A post's whole text frame, with TEXT and CLIENT in the places of its text and its client id. */
  post: string;
  /** What tells the acknowledgement of one's own post. */
  acknowledgement: Mark;
}

/** Words of a post are 100 bytes: its number, and x. */
export const POST_BYTES = 100;

/** How long deliveries took, in ms from the write of the post to the read of its frame. */
export interface Latency {
  p50: number;
  p99: number;
  /** Share of the deliveries that came before the run was over. The others count as having come at its end. */
  delivered: number;
  /** Posts/s that were really sent. */
  sent: number;
}
