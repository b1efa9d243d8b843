import { Refusal } from './refusal.ts';

/** 429, where the provider's limit or ours for it lets nobody through for so long. */
export function limited(ms: number): Refusal {
  // Differences of times have a little more or less behind the point than there should be.
  const seconds = Math.max(1, Math.ceil(Math.round(ms) / 1_000));
  const detail = `The provider’s limit is reached. Try again in ${seconds} s.`;
  return new Refusal(429, 'provider-limited', detail, seconds);
}

export function busy(): Refusal {
  return new Refusal(503, 'busy', `Too many requests wait for this provider. Try again in ${BUSY_FOR} s.`, BUSY_FOR);
}

/** Seconds after which a full queue is worth another try. */
const BUSY_FOR = 5;

export const callerGone = (): Refusal => new Refusal(503, 'failed', 'Who asked did not wait for the answer.');

export const slow = (): Refusal =>
  new Refusal(502, 'provider-slow', 'The provider did not answer in time. Try again later.');

export const away = (): Refusal =>
  new Refusal(502, 'provider-away', 'The provider cannot be reached, or broke off. Try again later.');

/** An address that is not on the internet: somebody wants the secret elsewhere, or the name servers are wrong. */
export const inward = (): Refusal =>
  new Refusal(502, 'provider-away', 'The provider’s name leads to an address that is not its own. Nothing was sent.');

export const redirects = (): Refusal =>
  new Refusal(502, 'provider-redirects', 'The provider sent the request elsewhere. A secret is not sent there.');

export const tooLarge = (): Refusal =>
  new Refusal(502, 'provider-too-large', 'The provider’s answer is too large. Ask for less at once.');

export const packed = (): Refusal =>
  new Refusal(502, 'failed', 'The provider packed its answer in a way that cannot be read.');

export const echoing = (): Refusal =>
  new Refusal(502, 'provider-echoes', 'The provider’s answer held the secret itself, so it is not passed on.');
