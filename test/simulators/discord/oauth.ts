import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { keep, type Platform } from './platform.ts';
import { userWire } from './wire.ts';
import type { User } from './world.ts';

interface Grant {
  user: User;
  scope: string;
  redirect: string;
  challenge: string | null;
}

interface Call {
  request: IncomingMessage;
  url: URL;
  form: URLSearchParams;
}

type Answer = { status: number; body?: unknown; html?: string; location?: string };

const SECRET = 'sample-client-secret-of-the-stand-in';

/** Where people agree, and what an application then asks: https://discord.com/developers/docs/topics/oauth2 */
export class OAuth {
  readonly #platform: Platform;
  readonly #codes = new Map<string, Grant>();
  readonly #tokens = new Map<string, Grant>();
  readonly #routes: Record<string, (call: Call) => Answer | undefined> = {
    'GET /oauth2/authorize': (call) => this.#authorize(call),
    'POST /api/v10/oauth2/token': (call) => this.#redeem(call),
    'POST /api/v10/oauth2/token/revoke': (call) => this.#revoke(call),
    'GET /api/v10/users/@me': (call) => this.#me(call),
  };

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  get env(): { DISCORD_CLIENT_ID: string; DISCORD_CLIENT_SECRET: string } {
    return { DISCORD_CLIENT_ID: this.#platform.world.bot.id, DISCORD_CLIENT_SECRET: SECRET };
  }

  /** The page on which somebody agrees. With `login` it is agreed at once; an empty one says no. */
  #authorize({ url: { searchParams: query, pathname } }: Call): Answer {
    const redirect = query.get('redirect_uri') ?? '';
    if (
      query.get('client_id') !== this.env.DISCORD_CLIENT_ID ||
      !URL.canParse(redirect) ||
      query.get('response_type') !== 'code'
    )
      return { status: 400, html: '<p>Invalid OAuth2 request' };
    const login = query.get('login');
    if (login === null) return { status: 200, html: agreePage(this.#platform, pathname, query) };
    const state = query.get('state') ?? '';
    const user = this.#platform.world.people.find(({ name }) => name === login);
    if (!user)
      return sendBack(redirect, { error: 'access_denied', error_description: 'The resource owner denied', state });
    const code = secret();
    const challenge = query.get('code_challenge_method') === 'S256' ? query.get('code_challenge') : null;
    this.#codes.set(code, { user, scope: query.get('scope') ?? '', redirect, challenge });
    return sendBack(redirect, { code, state });
  }

  #redeem(call: Call): Answer {
    const { form } = call;
    if (!this.#isOurs(call)) return { status: 401, body: { error: 'invalid_client' } };
    const code = form.get('code') ?? '';
    const grant = this.#codes.get(code);
    const isGood =
      grant && form.get('grant_type') === 'authorization_code' && form.get('redirect_uri') === grant.redirect;
    if (!isGood || !proves(grant, form.get('code_verifier')))
      return { status: 400, body: { error: 'invalid_grant', error_description: 'Invalid "code" in request.' } };
    this.#codes.delete(code);
    const token = secret();
    this.#tokens.set(token, grant);
    const refresh = secret();
    const lasts = { token_type: 'Bearer', expires_in: 604_800, refresh_token: refresh, scope: grant.scope };
    return { status: 200, body: { access_token: token, ...lasts } };
  }

  #revoke(call: Call): Answer {
    if (!this.#isOurs(call)) return { status: 401, body: { error: 'invalid_client' } };
    this.#tokens.delete(call.form.get('token') ?? '');
    return { status: 200, body: {} };
  }

  /** The bot asks the same address with its own token: that is not for here. */
  #me({ request }: Call): Answer | undefined {
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) return undefined;
    const grant = this.#tokens.get(token);
    if (!grant) return { status: 401, body: { message: '401: Unauthorized', code: 0 } };
    return { status: 200, body: { ...userWire(grant.user), mfa_enabled: false, locale: 'en-GB', flags: 0 } };
  }

  #isOurs({ request, form }: Call): boolean {
    const basic = /^Basic (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
    const pair = basic
      ? Buffer.from(basic, 'base64').toString()
      : `${form.get('client_id')}:${form.get('client_secret')}`;
    return pair === `${this.env.DISCORD_CLIENT_ID}:${SECRET}`;
  }

  /** True where the call was one of these, and is answered. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const route = this.#routes[`${request.method} ${url.pathname}`];
    if (!route) return false;
    const form = request.method === 'POST' ? new URLSearchParams(await textOf(request)) : new URLSearchParams();
    const answer = route({ request, url, form });
    if (!answer) return false;
    const path = url.pathname.replace('/api/v10', '');
    keep(this.#platform.calls, {
      at: Date.now(),
      method: request.method ?? '',
      path,
      body: undefined,
      status: answer.status,
    });
    send(response, answer);
    return true;
  }
}

/** https://www.rfc-editor.org/rfc/rfc7636#section-4.6 */
function proves({ challenge }: Grant, verifier: string | null): boolean {
  if (challenge === null) return true;
  return (
    createHash('sha256')
      .update(verifier ?? '')
      .digest('base64url') === challenge
  );
}

function sendBack(redirect: string, values: Record<string, string>): Answer {
  const url = new URL(redirect);
  for (const [name, value] of Object.entries(values)) url.searchParams.set(name, value);
  return { status: 302, location: url.href };
}

/** A link for each person, and one to say no. */
function agreePage({ world }: Platform, path: string, query: URLSearchParams): string {
  const link = (login: string, says: string): string => {
    const next = new URLSearchParams([...query, ['login', login]]);
    return `<li><a href="${safe(`${path}?${next}`)}">${safe(says)}</a></li>`;
  };
  const people = world.people.map(({ name }) => link(name, name)).join('');
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Authorize</title><h1>Authorize</h1>
<p>The application asks for: ${safe(query.get('scope') ?? '')}</p><p>Who agrees?</p>
<ul>${people}${link('', 'Nobody: cancel')}</ul></html>`;
}

const safe = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const secret = (): string => randomBytes(15).toString('hex');

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of request) text += String(piece);
  return text;
}

function send(response: ServerResponse, { status, body, html, location }: Answer): void {
  const type = html === undefined ? 'application/json' : 'text/html; charset=utf-8';
  response.writeHead(status, { 'content-type': type, ...(location !== undefined && { location }) });
  response.end(html ?? (body === undefined ? '' : JSON.stringify(body)));
}
