/** What an id names; the prefix that stands before it wherever people can see it. */
export type IdKind =
  | 'acct'
  | 'comm'
  | 'room'
  | 'msg'
  | 'sess'
  | 'inv'
  | 'job'
  | 'out'
  | 'hall'
  | 'proc'
  | 'evt'
  | 'space'
  | 'tok'
  | 'sanc'
  | 'rep'
  | 'rule'
  | 'held'
  | 'hook'
  | 'app'
  | 'ask'
  | 'ver'
  | 'imp'
  | 'mail'
  | 'reach';

/**
 * A new opaque id: prefix, 10 characters of time (ms) and 16 of chance, in Crockford's base 32.
 * Ids of one kind sort by time, so new rows go to the end of an index.
 */
export function newId(kind: IdKind, now = Date.now()): string {
  return `${kind}_${timePart(now)}${randomPart(16)}`;
}

/** What ids of a kind that were made at `at` (ms) begin with: those made before sort before it. */
export function idAt(kind: IdKind, at: number): string {
  return `${kind}_${timePart(at)}`;
}

/** A secret of `bytes` random bytes, base64url. 32 bytes for tokens. */
export function newSecret(bytes = 32): string {
  const raw = crypto.getRandomValues(new Uint8Array(bytes));
  return btoa(String.fromCharCode(...raw))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** A code that a person can read aloud, such as `9C4NH-KV7PX`: groups of five signs, or as many as are said, of 5 bits each. */
export function newCode(groups: number, signs = 5): string {
  return Array.from({ length: groups }, () => randomPart(signs)).join('-');
}

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function timePart(now: number): string {
  let rest = now;
  let text = '';
  for (let i = 0; i < 10; i++) {
    text = ALPHABET[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

function randomPart(length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += ALPHABET[randomByte() & 31];
  return text;
}

/** Chance is fetched in stock: asking the system for each id costs more than all the rest of it. No byte is used twice. */
const stock = new Uint8Array(4_096);
let used = stock.length;

function randomByte(): number {
  if (used === stock.length) {
    crypto.getRandomValues(stock);
    used = 0;
  }
  const byte = stock[used] ?? 0;
  stock[used++] = 0;
  return byte;
}
