import type { Quote } from '#core/quote.ts';
import { COLUMNS, NOT_KNOWN } from './stooq.external.ts';

/**
 * The code in capitals, with the community's market where none was typed: `aapl` is `AAPL.US` where the market is `us`. What has
 * a dot, or a sign that no share's code has (`^` an index, `=` and `_` what the source has of its own), is whole already; a dot
 * at the end says so of a code that looks like a share's, such as `eurusd.`
 */
export function codeIn(market: string, typed: string): string {
  const code = typed.toUpperCase();
  if (market === '') return code;
  if (code.length > 1 && code.endsWith('.')) return code.slice(0, -1);
  return /[.^=_]/.test(code) ? code : `${code}.${market.toUpperCase()}`;
}

/**
 * Reads the quote service's answer: a head line and one row. The close is said as the service wrote it.
 * Throws where the answer is not that: a web page, a quota notice, half a row.
 */
export function readQuote(csv: string, asked: string): Quote {
  const [head, row] = csv.trim().split(/\r?\n/);
  const columns = head?.split(',').map((name) => name.trim()) ?? [];
  if (columns.join() !== COLUMNS.join() || row === undefined)
    throw new Error('the quote service answered something that is not a quote');
  const cells = row.split(',').map((cell) => cell.trim());
  const close = cells[columns.indexOf('Close')];
  const symbol = cells[columns.indexOf('Symbol')];
  if (close === NOT_KNOWN) return { found: false };
  if (!close || !/^\d+(\.\d+)?$/.test(close)) throw new Error('the quote service answered without a price');
  if (symbol?.toUpperCase() !== asked.toUpperCase()) throw new Error('the quote service answered about another symbol');
  return { found: true, close };
}
