/** `told`: the program said it itself, in `said`. The others have words in `texts`, and `raw` is what was noted. */
export type WhyFailed =
  | { kind: 'told'; said: string }
  | { kind: 'unreached' | 'late' | 'unknown' | 'unforeseen'; raw: string }
  | { kind: 'none' };

/** Why a job failed, from what its worker noted: the error’s name and message, `Error: the quote service answered 404`. */
export function whyFailed(noted: string | null): WhyFailed {
  if (noted === null || noted === '') return { kind: 'none' };
  const known = KNOWN.find(([pattern]) => pattern.test(noted));
  if (known) return { kind: known[1], raw: noted };
  // Other names than the plain one are of errors that nobody wrote for people.
  const ours = /^Error: (.+)$/s.exec(noted)?.[1];
  return ours === undefined ? { kind: 'unforeseen', raw: noted } : { kind: 'told', said: sentence(ours) };
}

const KNOWN = [
  [/fetch failed|ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ETIMEDOUT|socket hang up/, 'unreached'],
  [/^(TimeoutError|AbortError):/, 'late'],
  [/^no handler for /, 'unknown'],
] as const;

function sentence(words: string): string {
  const begun = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.?!]$/.test(begun) ? begun : `${begun}.`;
}
