import { z } from 'zod';
import type { Quote } from '#core/quote.ts';

/** What a stock bot said, once it is known to be nothing worse. */
export interface StockAnswer {
  /** Upper case. */
  symbol: string;
  quote: Quote;
  chatroom: string;
  /** The job that it answers; a bot that knows nothing of requests leaves it out. */
  request?: string;
}

/** Why something is no answer, in words for the operator. */
export interface Refused {
  refused: string;
}

/** Characters of one answer: a right one has about 150. */
export const ANSWER_MOST = 4_096;

/** Reads one message of `publishstock`. Only a plain price or `N/D` is a quote: what the bot says is said in rooms. */
export function readAnswer(text: string): StockAnswer | Refused {
  if (text.length > ANSWER_MOST) return { refused: `longer than ${ANSWER_MOST} characters` };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { refused: 'not JSON' };
  }
  const read = SHAPE.safeParse(json);
  if (!read.success) return { refused: wrongFields(read.error) };
  const { stock_name: name, stock_quote: said, chatroom, request_id: request } = read.data;
  const quote = quoteOf(String(said).trim());
  if (!quote) return { refused: 'wrong shape: stock_quote is not a plain price and not N/D' };
  return { symbol: name.toUpperCase(), quote, chatroom, ...(typeof request === 'string' && { request }) };
}

/** Lengths: a code has 16 characters at most, ids of rooms and requests fewer than 64; what is longer is none of ours. */
const SHAPE = z.object({
  stock_name: z.string().min(1).max(16),
  stock_quote: z.union([z.number(), z.string().max(32)]),
  chatroom: z.string().min(1).max(200),
  bot_name: z.string().max(64),
  request_id: z.string().min(1).max(64).nullish(),
});

function wrongFields(error: z.ZodError): string {
  const fields = new Set(error.issues.map(({ path }) => String(path[0] ?? 'not an object')));
  return `wrong shape: ${[...fields].join(', ')}`;
}

function quoteOf(said: string): Quote | undefined {
  if (said === NOT_KNOWN) return { found: false };
  return PRICE.test(said) ? { found: true, close: said } : undefined;
}

/** What the quote services say of a code that they do not know, and bots pass on. */
const NOT_KNOWN = 'N/D';

const PRICE = /^\d{1,12}(\.\d{1,8})?$/;
