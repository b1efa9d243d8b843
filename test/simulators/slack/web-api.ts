import { ApiError, Args, type Back, type Method } from './call.ts';
import { chatMethods } from './chat-methods.ts';
import { conversationMethods } from './conversation-methods.ts';
import type { Limits } from './limits.ts';
import { otherMethods } from './other-methods.ts';
import { violations } from './texts.ts';
import type { SlackOptions, Wire } from './wire.ts';
import { keep, TOKENS, type Workspace } from './workspace.ts';

export interface ApiCall {
  method: string;
  args: Wire;
  token: string | undefined;
}

export interface ApiAnswer {
  status: number;
  headers: Record<string, string>;
  body: Wire;
}

/** Answers calls of the Web API: who asks, may they, within the limits, and then the method itself. */
export class WebApi {
  readonly #back: Back;
  readonly #limits: Limits;
  readonly #anyToken: boolean;

  constructor(back: Back, limits: Limits, options: SlackOptions) {
    this.#back = back;
    this.#limits = limits;
    this.#anyToken = options.anyToken;
  }

  answer(call: ApiCall): ApiAnswer {
    const { workspace } = this.#back;
    try {
      const method = METHODS[call.method];
      if (!method) throw new ApiError('unknown_method', { req_method: call.method });
      this.#authorize(call, method);
      const seconds = this.#limits.take(call.method, String(call.args.channel));
      if (seconds !== undefined) return rateLimited(seconds);
      this.#noteUnknownArguments(call, method);
      return {
        status: 200,
        headers: scopeHeaders(workspace, method),
        body: { ok: true, ...method.run(new Args(call.args), this.#back) },
      };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#noteMistake(call.method, error);
      return { status: 200, headers: {}, body: { ok: false, error: error.message, ...error.more } };
    }
  }

  #authorize({ token }: ApiCall, method: Method): void {
    const { workspace } = this.#back;
    if (!token) throw new ApiError('not_authed');
    const kind = token.slice(0, 5);
    if (!this.#isGood(token)) throw new ApiError('invalid_auth');
    if (kind !== (method.appToken ? 'xapp-' : 'xoxb-')) throw new ApiError('not_allowed_token_type');
    // The app's own token is of no workspace.
    if (method.appToken) return;
    if (workspace.app === 'uninstalled') throw new ApiError('account_inactive');
    if (workspace.app === 'revoked') throw new ApiError('token_revoked');
    const [needed] = method.scopes;
    if (!needed || method.scopes.some((scope) => workspace.scopes.has(scope))) return;
    throw new ApiError('missing_scope', { needed, provided: [...workspace.scopes].join(',') });
  }

  #isGood(token: string): boolean {
    if (this.#anyToken) return /^(xoxb|xapp)-./.test(token);
    return token === this.#back.workspace.token || token === TOKENS.app;
  }

  #noteUnknownArguments({ method: name, args }: ApiCall, { args: known }: Method): void {
    const strange = Object.keys(args).filter((arg) => !EVERYWHERE.includes(arg) && !known.includes(arg));
    for (const arg of strange) keep(this.#back.workspace.violations, violations.argument(name, arg));
  }

  #noteMistake(name: string, { message, malformed, more }: ApiError): void {
    if (message === 'unknown_method') keep(this.#back.workspace.violations, violations.method(name));
    if (!malformed) return;
    const detail = [message, JSON.stringify(more)].join(' ');
    keep(this.#back.workspace.violations, violations.malformed(name, detail));
  }
}

/** Slack's answer to too many calls, the only one beside 200 that its methods give when all is well. */
export function rateLimited(seconds: number): ApiAnswer {
  return { status: 429, headers: { 'retry-after': String(seconds) }, body: { ok: false, error: 'ratelimited' } };
}

/** Arguments that any method takes; the vendor's client sends the workspace with each. */
const EVERYWHERE = ['token', 'team_id'];

const METHODS: Record<string, Method | undefined> = { ...chatMethods, ...conversationMethods, ...otherMethods };

function scopeHeaders({ scopes }: Workspace, method: Method): Record<string, string> {
  if (method.appToken) return { 'x-oauth-scopes': 'connections:write', 'x-accepted-oauth-scopes': 'connections:write' };
  return { 'x-oauth-scopes': [...scopes].join(','), 'x-accepted-oauth-scopes': method.scopes.join(',') };
}
