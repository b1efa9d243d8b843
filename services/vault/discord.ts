import { APPLICATION_PURPOSE } from '#contracts/vault.ts';
import type { Provider } from './providers.ts';

/**
 * Communities' own applications. Discord has no short-lived tokens for a bot, and the connection to its gateway is not a
 * request that the vault could make: https://discord.com/developers/docs/reference#authentication
 */
export function discord(): Provider {
  return {
    name: 'discord',
    base: new URL('https://discord.com/api'),
    pace: PACE,
    whole: { isFor: (purpose) => purpose === APPLICATION_PURPOSE, owners: 'comm_', forMs: 60 * 60_000 },
  };
}

/** Ours: a token is asked for when its connector starts, and when it was typed anew. */
const PACE = { key: { perMinute: 10, burst: 5 }, all: { perMinute: 600, burst: 200 } };
