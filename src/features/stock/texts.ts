/** All that the stock feature says. */
export const TEXTS = {
  settings: {
    title: 'Stock quotes',
    about: 'What /stock does with what people type, and what it says meanwhile.',
    market: 'Default market',
    marketHelp:
      'Goes behind a code that names none: with us, /stock aapl looks up AAPL.US. A code with a dot stays as it is; eurusd. with a dot at its end is looked up as EURUSD. Empty: nothing goes behind.',
    marketWrong: 'A market is 1 to 4 letters without the dot, such as us.',
    tells: 'Tell who asks that the price is looked up',
    tellsHelp: 'Off: only the price is said, when it is there.',
  },
  summary: 'Latest price of a share',
  symbol: 'a ticker such as aapl.us',
  looking: (symbol: string) => `Looking up ${symbol}…`,
  quote: (symbol: string, close: string) => `${symbol} quote is ${close}`,
  none: (symbol: string) => `No quote for ${symbol}.`,
  failed: (symbol: string) =>
    `The quote service gave no usable answer for ${symbol}. Nothing was posted. Try again in a minute.`,
};
