/** All that the stock feature says. */
export const TEXTS = {
  summary: 'Latest price of a share',
  symbol: 'a ticker such as aapl.us',
  looking: (symbol: string) => `Looking up ${symbol}…`,
  quote: (symbol: string, close: string) => `${symbol} quote is ${close}`,
  none: (symbol: string) => `No quote for ${symbol}.`,
  failed: (symbol: string) =>
    `The quote service gave no usable answer for ${symbol}. Nothing was posted. Try again in a minute.`,
};
