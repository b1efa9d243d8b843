import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Wire } from './wire.ts';
import type { Workspace } from './workspace.ts';

/** The app as people sign in to it. */
export const CLIENT = { id: '1111111111.2222222222', secret: 'sample-client-secret' };

/** A call as it came. */
export interface AuthCall {
  method: string;
  path: string;
  query: URLSearchParams;
  fields: Wire | undefined;
  headers: IncomingHttpHeaders;
  token: string | undefined;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string | Wire;
}

interface Grant {
  user: string;
  redirect: string;
  nonce: string | null;
}

/** Signing in with Slack: https://docs.slack.dev/authentication/sign-in-with-slack/ . Errors are `ok: false` with status 200. */
export class OpenId {
  readonly #workspace: Workspace;
  readonly #codes = new Map<string, Grant>();
  readonly #tokens = new Map<string, Grant>();

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** Undefined where the call is none of these. */
  answer({ method, path, query, fields = {}, token }: AuthCall): Answer | undefined {
    if (method === 'GET' && path === '/openid/connect/authorize') return this.#authorize(query);
    if (path === '/api/openid.connect.token') return said(this.#redeem(fields));
    if (path === '/api/openid.connect.userInfo') return said(this.#userInfo(token));
    if (path === '/api/auth.revoke' && token?.startsWith('xoxp-')) return said(this.#revoke(token));
    return undefined;
  }

  /** The page on which somebody agrees. With `login` it is agreed at once; an empty one says no. */
  #authorize(query: URLSearchParams): Answer {
    const redirect = query.get('redirect_uri') ?? '';
    const scopes = (query.get('scope') ?? '').split(' ');
    if (query.get('client_id') !== CLIENT.id || !URL.canParse(redirect) || !scopes.includes('openid'))
      return page(400, 'Something is wrong with the link: client_id, redirect_uri or scope.');
    const login = query.get('login');
    if (login === null) return page(200, peopleOf(this.#workspace, query));
    const member = [...this.#workspace.members.values()].find(({ name, isBot }) => name === login && !isBot);
    const back = new URL(redirect);
    const code = `${randomBytes(6).toString('hex')}.${randomBytes(16).toString('hex')}`;
    if (member) this.#codes.set(code, { user: member.id, redirect, nonce: query.get('nonce') });
    if (member) back.searchParams.set('code', code);
    else back.searchParams.set('error', 'access_denied');
    back.searchParams.set('state', query.get('state') ?? '');
    return { status: 302, headers: { location: back.href }, body: '' };
  }

  #redeem(fields: Wire): Wire {
    if (fields.client_id !== CLIENT.id) return { ok: false, error: 'invalid_client_id' };
    if (fields.client_secret !== CLIENT.secret) return { ok: false, error: 'bad_client_secret' };
    const code = String(fields.code);
    const grant = this.#codes.get(code);
    if (!grant) return { ok: false, error: 'invalid_code' };
    if (fields.redirect_uri !== grant.redirect) return { ok: false, error: 'bad_redirect_uri' };
    this.#codes.delete(code);
    const token = `xoxp-${randomBytes(16).toString('hex')}`;
    this.#tokens.set(token, grant);
    return { ok: true, access_token: token, token_type: 'Bearer', id_token: this.#idToken(grant) };
  }

  /** Its signature is none: whoever takes the token from Slack itself need not check it. */
  #idToken({ user, nonce }: Grant): string {
    const now = Math.floor(Date.now() / 1_000);
    const who = { iss: 'https://slack.com', sub: user, aud: CLIENT.id, exp: now + 300, iat: now };
    const claims = { ...who, ...(nonce !== null && { nonce }), 'https://slack.com/team_id': this.#workspace.team.id };
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    return `${part({ alg: 'RS256', kid: 'sample' })}.${part(claims)}.${part('signature')}`;
  }

  #userInfo(token: string | undefined): Wire {
    const grant = this.#tokens.get(token ?? '');
    const member = grant && this.#workspace.members.get(grant.user);
    if (!member) return { ok: false, error: 'invalid_auth' };
    const { id, name } = member;
    const where = {
      'https://slack.com/team_id': this.#workspace.team.id,
      'https://slack.com/team_name': this.#workspace.team.name,
    };
    return { ok: true, sub: id, 'https://slack.com/user_id': id, ...where, name };
  }

  #revoke(token: string): Wire {
    return this.#tokens.delete(token) ? { ok: true, revoked: true } : { ok: false, error: 'invalid_auth' };
  }
}

/** Who it is that agrees. */
export function peopleOf({ members }: Workspace, query: URLSearchParams): string {
  const persons = [...members.values()].filter(({ isBot }) => !isBot);
  const links = persons.map(({ name }) => {
    const next = new URLSearchParams([...query, ['login', name]]);
    return `<li><a href="?${String(next).replaceAll('&', '&amp;')}">${name}</a></li>`;
  });
  return `<p>Who signs in?</p><ul>${links.join('')}</ul>`;
}

export const said = (body: Wire): Answer => ({ status: 200, headers: {}, body });

export function page(status: number, words: string): Answer {
  const headers = { 'content-type': 'text/html; charset=utf-8' };
  return {
    status,
    headers,
    body: `<!doctype html><html lang="en"><title>Sign in</title><h1>Sign in</h1>${words}</html>`,
  };
}
