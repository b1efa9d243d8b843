/** Every number that bounds what the vault asks of others. A name, a value, its unit and its reason. */
export const CALL_LIMITS = {
  /** Bytes of one answer, after it was unpacked: Torn's longest are about 300 kB. */
  answer: 1024 * 1024,
  /** Bytes of the headers of one answer: as much as Node takes by itself. */
  answerHeaders: 16 * 1024,
  /** Characters of the content type that is passed on. */
  contentType: 200,
  /** Bytes of a secret that goes into a header: a shorter one would be found in answers by chance. */
  secretLeast: 8,
  /** Bytes of the answer of a sign-in server: a token and its scopes. */
  leaseAnswer: 64 * 1024,
  /** Requests to one provider at once, and so connections to it. */
  atOnce: 16,
  /** ms that a connection is kept for the next request: shorter than the 5 s after which many servers end theirs. */
  idle: 4_000,
  /** Requests to one provider that may wait for their turn: at 15 a second, what is done within the time of one request and more. */
  waiting: 500,
  /** Of these, requests with one key. */
  waitingPerKey: 50,
  /** Of a request's time what it may wait for its turn: the rest is the provider's, so that who is let through gets an answer. */
  turnShare: 0.75,
  /** Keys whose pace is remembered; those that rested a minute are forgotten first. */
  keysKept: 10_000,
  /** ms that a key, or a provider, is left alone when the provider says slow down and not for how long; doubled each time. */
  pause: 10_000,
  pauseMost: 10 * 60_000,
  /** ms that the provider's refusal of a key is told again without asking: Torn bans who goes on with wrong keys. */
  refusalKept: 60_000,
  /** Refused keys that are remembered, and bytes of a refusal. */
  refusals: 1_000,
  refusal: 2 * 1024,
  /** ms that a lease is given again to who asks with the refresh token that it used up: the first answer may have been lost. */
  leaseKept: 30_000,
  leases: 1_000,
  /** Codes of a second factor that are looked at for one owner: a person mistypes, a program guesses. */
  totp: { perMinute: 10, burst: 5 },
  /** Owners whose pace is known at once; the oldest goes first. */
  totpOwners: 10_000,
} as const;
