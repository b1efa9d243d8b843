export interface Backoff {
  /** ms before the second try. */
  first: number;
  /** ms at most. */
  most: number;
}

/** ms to wait after so many tries in vain: doubled each time, the last quarter by chance, so that many do not come at once. */
export function backoff({ first, most }: Backoff, tries: number): number {
  const full = Math.min(most, first * 2 ** Math.min(tries, DOUBLINGS));
  return Math.round(full * (0.75 + Math.random() / 4));
}

/** Enough for any sum that makes sense, and no overflow. */
const DOUBLINGS = 20;
