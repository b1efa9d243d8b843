import type { Feature } from '#core/feature.ts';
import { work } from '#core/job.ts';
import { quoteHandler } from './quote.handler.ts';
import { quoteJob } from './quote.job.ts';
import { quoteReply } from './quote-reply.ts';
import { stockCommand } from './stock.command.ts';
import { stockSettings } from './settings.ts';

/** The latest price of a share: `/stock aapl.us`. */
export function stockFeature(fetch: typeof globalThis.fetch, stockUrl: string): Feature {
  return {
    name: 'stock',
    commands: [stockCommand],
    settings: stockSettings,
    jobs: [work(quoteJob, quoteHandler(fetch, stockUrl))],
    quotes: { job: quoteJob, reply: quoteReply },
  };
}
