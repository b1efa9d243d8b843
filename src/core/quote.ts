import type { Job } from './job.ts';
import type { Reply } from './message.ts';

/** The price of a share, digits with a point at most; or that the source knows no such code. */
export type Quote = { found: true; close: string } | { found: false };

/** What a feature gives to whoever lets another program find its quotes. */
export interface QuoteWork {
  job: Job<{ symbol: string }>;
  /** What the bot says of a quote. */
  reply(symbol: string, quote: Quote): Reply;
}
