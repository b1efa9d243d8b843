import { AppError, tooFast } from '#core/errors.ts';
import { cannot, type PlatformAction } from '#core/platform.ts';
import type { Access, AccessKeeper } from './access.ts';
import { callTwitch, SignInRefused, Trouble, type Answered, type Application } from './sign-in.ts';
import { TEXTS } from './texts.ts';
import type { FailureAnswer } from './twitch.external.ts';

export interface HelixOptions {
  apiUrl: string;
  app: Application;
  access: AccessKeeper;
}

export interface HelixCall {
  action: PlatformAction;
  method: 'POST' | 'DELETE' | 'PATCH';
  path: string;
  query: Record<string, string>;
  body?: unknown;
  /** Without it Twitch refuses. */
  scope: string;
  /** The refusals that say it is so already. */
  isDone?(status: number, message: string): boolean;
}

/**
 * One call as the bot, https://dev.twitch.tv/docs/api/guide/. A token that ran out is refreshed once.
 * Throws AppError: 409 with what to do where Twitch does not allow it, 429, or 503 where it cannot be reached.
 */
export async function callHelix(options: HelixOptions, call: HelixCall): Promise<void> {
  try {
    const access = await options.access.current();
    const first = await callOnce(options, call, access);
    const answer = first.status === 401 ? await callOnce(options, call, await options.access.renew(access)) : first;
    if (!answer.ok && !isDone(answer, call)) throw refusalOf(answer, call);
  } catch (error) {
    if (error instanceof Trouble) throw down(TEXTS.apiDown(error.message));
    if (error instanceof SignInRefused) throw down(error.message);
    throw error;
  }
}

function callOnce({ apiUrl, app }: HelixOptions, call: HelixCall, { token, userId }: Access): Promise<Answered> {
  const query = new URLSearchParams({ ...call.query, moderator_id: userId });
  const headers = { 'client-id': app.clientId, authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = call.body === undefined ? {} : { body: JSON.stringify(call.body) };
  return callTwitch(app, `${apiUrl}${call.path}?${query}`, { method: call.method, headers, ...body });
}

function isDone({ status, body }: Answered, call: HelixCall): boolean {
  return call.isDone?.(status, (body as Partial<FailureAnswer>).message ?? '') ?? false;
}

function refusalOf({ status, headers, body }: Answered, { action, scope }: HelixCall): AppError {
  const { message = '' } = body as Partial<FailureAnswer>;
  const said = `${status} ${message}`.trim();
  if (status === 429) return tooFast(Number(headers.get('ratelimit-reset')) - Date.now() / 1_000 || 1);
  // Somebody else changes the same in this moment.
  if (status === 409) return down(TEXTS.apiDown(said), 1);
  if (status >= 500) return down(TEXTS.apiDown(`HTTP ${status}`));
  if (/scope/i.test(message)) return cannot('Twitch', action, TEXTS.noScope(scope));
  if (status === 401 || status === 403) return cannot('Twitch', action, TEXTS.forbidden(said));
  return cannot('Twitch', action, TEXTS.refusedAction(said));
}

function down(detail: string, retryAfter = 30): AppError {
  return new AppError({ status: 503, code: 'platform-down', detail, fault: 'platform', retryAfter });
}
