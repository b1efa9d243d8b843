import { refreshToken, SignInRefused, TokenExpired, Trouble, validateToken, type Application } from './sign-in.ts';
import { TEXTS } from './texts.ts';
import { ADDRESSES, SCOPES, TIMES } from './twitch.external.ts';

export type TwitchCheck =
  | { ok: true; login: string; scopes: readonly string[]; missing: string[] }
  | { ok: false; why: string };

/** Whether the settings work: refreshes the bot's token and asks whose it is. Changes nothing. */
export async function checkTwitch(options: {
  clientId: string;
  clientSecret: string;
  refreshToken: string;
  authUrl?: string;
}): Promise<TwitchCheck> {
  const { clientId, clientSecret, authUrl = ADDRESSES.auth } = options;
  const app: Application = { clientId, clientSecret, authUrl, callMs: TIMES.call, fetch };
  try {
    const { access_token: token } = await refreshToken(app, options.refreshToken);
    const { login, scopes } = await validateToken(app, token);
    const had = scopes ?? [];
    return { ok: true, login, scopes: had, missing: SCOPES.filter((scope) => !had.includes(scope)) };
  } catch (error) {
    return { ok: false, why: whyOf(error) };
  }
}

function whyOf(error: unknown): string {
  if (error instanceof SignInRefused) return error.message;
  if (error instanceof TokenExpired) return TEXTS.refusedToken('401 invalid access token');
  if (error instanceof Trouble) return TEXTS.noAnswer('sign-in server', error.message);
  throw error;
}
