import { suggesting, word } from '#core/arguments.ts';
import { command } from '#core/command.ts';
import { later } from '#core/job.ts';
import { whisper } from '#core/message.ts';
import { quoteJob } from './quote.job.ts';
import { codeIn } from './rules.ts';
import { stockSettings } from './settings.ts';
import { TEXTS } from './texts.ts';

/** Completed while somebody types; any other code works as well. */
const WELL_KNOWN = [
  'aapl.us',
  'amzn.us',
  'googl.us',
  'meta.us',
  'msft.us',
  'nvda.us',
  'tsla.us',
  '^dji',
  '^ndq',
  '^spx',
];

export const stockCommand = command({
  name: 'stock',
  summary: TEXTS.summary,
  args: { symbol: suggesting(word(TEXTS.symbol, /^[a-z0-9.^=_-]{1,16}$/i), () => WELL_KNOWN) },
  example: '/stock aapl.us',
  allow: 'member',
  limit: { uses: 10, perSeconds: 60 },
  settings: stockSettings,
  run({ args, settings: { market, tells } }) {
    const symbol = codeIn(market, args.symbol);
    return later(quoteJob, { symbol }, tells ? whisper(TEXTS.looking(symbol)) : undefined);
  },
});
