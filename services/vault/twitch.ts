import type { Provider, ProviderSettings } from './providers.ts';

/** Twitch's sign-in, for access tokens alone: https://dev.twitch.tv/docs/authentication/refresh-tokens/ */
export function twitch({ twitchAuthUrl, twitchClientId, twitchClientSecret }: TwitchSettings): Provider {
  const client = twitchClientId && twitchClientSecret ? { id: twitchClientId, secret: twitchClientSecret } : undefined;
  return {
    name: 'twitch',
    base: new URL(twitchAuthUrl),
    pace: PACE,
    lease: { path: '/token', client },
  };
}

type TwitchSettings = Pick<ProviderSettings, 'twitchAuthUrl' | 'twitchClientId' | 'twitchClientSecret'>;

/** Ours: an access token lasts about four hours, and one refresh token has at most 50 that work. */
const PACE = { key: { perMinute: 10, burst: 5 }, all: { perMinute: 300, burst: 60 } };
