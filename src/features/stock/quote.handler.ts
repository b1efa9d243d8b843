import type { JobHandler } from '#core/job.ts';
import { LIMITS } from '#core/limits.ts';
import { quoteReply } from './quote-reply.ts';
import { readQuote } from './rules.ts';
import { quoteAddress } from './stooq.external.ts';

/** Seconds for one try, so that a second one still fits into the job's time. */
const TRY_SECONDS = 5;

/** Asks the quote service and says the price in the room. `stockUrl` is the service's address without its query. */
export function quoteHandler(fetch: typeof globalThis.fetch, stockUrl: string): JobHandler<{ symbol: string }> {
  return async ({ symbol }, signal) => {
    const time = AbortSignal.any([signal, AbortSignal.timeout(TRY_SECONDS * 1000)]);
    const response = await fetch(quoteAddress(stockUrl, symbol), {
      signal: time,
      redirect: 'error',
      headers: { accept: 'text/csv' },
    });
    if (!response.ok) throw new Error(`the quote service answered ${response.status}`);
    return quoteReply(symbol, readQuote(await readBounded(response), symbol));
  };
}

async function readBounded(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > LIMITS.quoteBody) throw new Error('the quote service answered too much');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
