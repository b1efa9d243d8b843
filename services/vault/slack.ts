import { WORKSPACE_PURPOSE } from '#contracts/vault.ts';
import type { Provider } from './providers.ts';

/**
 * Workspaces that joined by "Add to Slack". A bot token of Slack's does not end by itself, as our manifest leaves token rotation
 * off: https://docs.slack.dev/authentication/using-token-rotation
 */
export function slack(): Provider {
  return {
    name: 'slack',
    base: new URL('https://slack.com/api'),
    pace: PACE,
    whole: { isFor: (purpose) => purpose.startsWith(WORKSPACE_PURPOSE), owners: 'comm_', forMs: 60 * 60_000 },
  };
}

/** Ours: a token is asked for when its workspace begins to be served, and when it was added again. */
const PACE = { key: { perMinute: 30, burst: 20 }, all: { perMinute: 600, burst: 200 } };
