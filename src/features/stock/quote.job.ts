import { job } from '#core/job.ts';
import { TEXTS } from './texts.ts';

/** Looks up the latest price of `symbol` (upper case). */
export const quoteJob = job<{ symbol: string }>({
  name: 'stock.quote',
  failed: ({ symbol }) => TEXTS.failed(symbol),
});
