import { say, type Reply } from '#core/message.ts';
import type { Quote } from '#core/quote.ts';
import { TEXTS } from './texts.ts';

/** What the bot says in the room of a quote, whoever found it. */
export function quoteReply(symbol: string, quote: Quote): Reply {
  return say(quote.found ? TEXTS.quote(symbol, quote.close) : TEXTS.none(symbol));
}
