/**
 * The quote service's words. `f=sd2t2ohlcv`: symbol, date, time, open, high, low, close, volume; `h`: with a head line; `e=csv`.
 * https://stooq.com/q/l/
 */
export function quoteAddress(stockUrl: string, symbol: string): string {
  return `${stockUrl}?s=${encodeURIComponent(symbol.toLowerCase())}&f=sd2t2ohlcv&h&e=csv`;
}

export const COLUMNS = ['Symbol', 'Date', 'Time', 'Open', 'High', 'Low', 'Close', 'Volume'] as const;

/** What stands in every figure of a symbol that the service does not know. */
export const NOT_KNOWN = 'N/D';
