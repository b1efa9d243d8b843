import { API_URL, SCOPES } from './slack.external.ts';
import { TEXTS } from './texts.ts';
import { networkCode } from './web-api.ts';

export interface CheckOptions {
  botToken?: string;
  /** Socket Mode's; checked where it is set. */
  appToken?: string;
  apiUrl?: string;
  fetch?: typeof globalThis.fetch;
}

/** `missing`: rights that the app does not have. No `team`: there is no bot token, as workspaces are added. `why` is a sentence that names the setting. */
export type SlackCheck = { ok: true; team?: string; name?: string; missing: string[] } | { ok: false; why: string };

/** Asks Slack whether the tokens work. For `doctor`: loads no library, changes nothing, never rejects. */
export async function checkSlack(options: CheckOptions): Promise<SlackCheck> {
  const { botToken, appToken, apiUrl = API_URL, fetch = globalThis.fetch } = options;
  if (botToken === '') return { ok: false, why: TEXTS.check.noToken };
  const ask = (method: string, token: string): Promise<Asked> => post(fetch, `${apiUrl}${method}`, token);
  const told = botToken === undefined ? undefined : await ask('auth.test', botToken);
  if (told && 'failed' in told) return { ok: false, why: why(told, 'SLACK_BOT_TOKEN', apiUrl) };
  const link = appToken ? await ask('apps.connections.open', appToken) : undefined;
  if (link && 'failed' in link) return { ok: false, why: why(link, 'SLACK_APP_TOKEN', apiUrl) };
  if (!told) return { ok: true, missing: [] };
  const { team = '', user = '' } = told.answer;
  return { ok: true, team, name: user, missing: SCOPES.filter((scope) => !told.scopes.includes(scope)) };
}

interface Told {
  answer: { ok?: boolean; error?: string; team?: string; user?: string };
  scopes: string[];
}

/** `byNetwork`: Slack was not reached, so that nothing is known of the token. */
type Asked = Told | { failed: string; byNetwork: boolean };

/** ms. A person waits for it. */
const PATIENCE = 10_000;

async function post(fetch: typeof globalThis.fetch, url: string, token: string): Promise<Asked> {
  try {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-www-form-urlencoded' };
    const signal = AbortSignal.timeout(PATIENCE);
    const response = await fetch(url, { method: 'POST', headers, redirect: 'error', signal });
    if (!response.ok) return { failed: `HTTP ${response.status}`, byNetwork: true };
    const answer = (await response.json()) as Told['answer'];
    if (!answer.ok) return { failed: answer.error ?? 'unknown', byNetwork: false };
    // A server that tells no scopes cannot be said to lack any.
    const scopes = response.headers.get('x-oauth-scopes')?.split(/\s*,\s*/) ?? SCOPES;
    return { answer, scopes };
  } catch (error) {
    return { failed: networkCode(error), byNetwork: true };
  }
}

function why({ failed, byNetwork }: { failed: string; byNetwork: boolean }, setting: string, apiUrl: string): string {
  return byNetwork ? TEXTS.check.unreachable(apiUrl, failed) : TEXTS.token(setting, failed);
}
