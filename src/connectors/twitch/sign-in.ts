import { TEXTS } from './texts.ts';
import type { FailureAnswer, TokenAnswer, ValidateAnswer } from './twitch.external.ts';

/** What the sign-in server needs to know, and where it is. */
export interface Application {
  clientId: string;
  clientSecret: string;
  authUrl: string;
  /** ms that one call may take. */
  callMs: number;
  fetch: typeof fetch;
}

/** Twitch will not have the token or the application: trying again is of no use. The message names the setting. */
export class SignInRefused extends Error {}

/** The access token does not work any more; a refresh may give another. */
export class TokenExpired extends Error {}

/** The network, or a server that is down: trying again helps. The message is its code. */
export class Trouble extends Error {}

/** A new access token for a refresh token. Throws `SignInRefused` or `Trouble`. */
export async function refreshToken(app: Application, refresh: string): Promise<TokenAnswer> {
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: refresh,
    client_id: app.clientId,
    client_secret: app.clientSecret,
  });
  const answer = await callTwitch(app, `${app.authUrl}/token`, { method: 'POST', body });
  if (answer.ok) return answer.body as TokenAnswer;
  // https://dev.twitch.tv/docs/authentication/refresh-tokens/#refresh-responses: all three mean that this will never work.
  if (![400, 401, 403].includes(answer.status)) throw new Trouble(`HTTP ${answer.status}`);
  const { message = '' } = answer.body as Partial<FailureAnswer>;
  const said = `${answer.status} ${message}`.trim();
  throw new SignInRefused(/client/i.test(message) ? TEXTS.refusedClient(said) : TEXTS.refusedToken(said));
}

/** Whose token it is and what it may do. Throws `TokenExpired` or `Trouble`. */
export async function validateToken(app: Application, token: string): Promise<ValidateAnswer> {
  const answer = await callTwitch(app, `${app.authUrl}/validate`, { headers: { authorization: `OAuth ${token}` } });
  if (answer.ok) return answer.body as ValidateAnswer;
  if (answer.status === 401) throw new TokenExpired();
  throw new Trouble(`HTTP ${answer.status}`);
}

export interface Answered {
  ok: boolean;
  status: number;
  headers: Headers;
  /** What JSON there was; an empty object without any. */
  body: unknown;
}

/** One call with a time limit. Throws `Trouble` where no answer came. */
export async function callTwitch(
  { fetch, callMs }: Pick<Application, 'fetch' | 'callMs'>,
  url: string,
  init: RequestInit,
): Promise<Answered> {
  try {
    const response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(callMs) });
    const { ok, status, headers } = response;
    return { ok, status, headers, body: readBody(await response.text()) };
  } catch (error) {
    throw new Trouble(reasonOf(error));
  }
}

function readBody(text: string): unknown {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : {};
  } catch {
    return {};
  }
}

/** The code alone: an error of the network may hold the whole request, and so a token. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return error.name;
}
