import { DiscordAPIError, HTTPError, RateLimitError } from '@discordjs/rest';
import { PASSING, TOO_LATE } from './discord.external.ts';

/**
 * What a failed request means. later: the same again after `ms`, or after a while of our own choice. token: the bot's token
 * is not accepted. refused: for good. `words` and `code` are the platform's own and hold no secret.
 */
export type Fault =
  | { kind: 'later'; ms?: number; everywhere: boolean; code: string | number; words: string }
  | { kind: 'token' | 'refused'; code: number; words: string };

export function faultOf(error: unknown): Fault {
  if (error instanceof RateLimitError) {
    const ms = error.retryAfter > 0 ? error.retryAfter : UNTOLD_MS;
    return { kind: 'later', ms, everywhere: error.global, code: 429, words: 'rate limited' };
  }
  if (error instanceof DiscordAPIError) return refusal(error);
  if (error instanceof HTTPError) return later(error.status, 'its servers fail');
  return trouble(error);
}

/** The platform's own code of a refusal; undefined for anything else. */
export function codeOf(error: unknown): number | undefined {
  return error instanceof DiscordAPIError && typeof error.code === 'number' ? error.code : undefined;
}

/** ms to wait where a limit does not say how long. */
const UNTOLD_MS = 1_000;

/** Characters of the platform's own words that go into a log line. */
const WORDS = 200;

function refusal(error: DiscordAPIError): Fault {
  const code = typeof error.code === 'number' ? error.code : undefined;
  // The library has forgotten the token by now, whoever said it.
  if (error.status === 401 && !TOO_LATE.has(code ?? 0))
    return { kind: 'token', code: code ?? 401, words: clip(error.message) };
  if (code === undefined || PASSING.has(code)) {
    // Something between us and Discord answered, not its API.
    if (!FINAL.has(error.status)) return later(code ?? error.status, clip(error.message));
  }
  return { kind: 'refused', code: code ?? error.status, words: clip(error.message) };
}

/** What a proxy says of the request itself: it is not better the next time. */
const FINAL: ReadonlySet<number> = new Set([400, 413, 414, 431]);

function later(code: string | number, words: string): Fault {
  return { kind: 'later', everywhere: false, code, words };
}

/** No answer, or half of one: the network. Addresses are left out, as they may hold an interaction's token. */
function trouble(error: unknown): Fault {
  if (!(error instanceof Error)) return later('unknown', 'the request failed');
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return later(code, error.name === 'AbortError' ? 'no answer in time' : `the network failed (${code})`);
}

function clip(words: string): string {
  return words.replace(/\s+/g, ' ').slice(0, WORDS);
}
