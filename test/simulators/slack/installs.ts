import { randomBytes } from 'node:crypto';
import { CLIENT, page, peopleOf, said, type Answer, type AuthCall } from './openid.ts';
import type { SlackOptions, Wire } from './wire.ts';
import { APP_ID, newToken, type Workspace } from './workspace.ts';

interface Grant {
  user: string;
  redirect: string;
  scopes: string[];
}

/** "Add to Slack": https://docs.slack.dev/authentication/installing-with-oauth/ . Errors are `ok: false` with status 200. */
export class Installs {
  readonly #workspace: Workspace;
  readonly #options: SlackOptions;
  readonly #revoke: () => void;
  readonly #codes = new Map<string, Grant>();

  constructor(workspace: Workspace, options: SlackOptions, revoke: () => void) {
    this.#workspace = workspace;
    this.#options = options;
    this.#revoke = revoke;
  }

  /** Undefined where the call is none of these. */
  answer({ method, path, query, fields = {}, headers, token }: AuthCall): Answer | undefined {
    if (method === 'GET' && path === '/oauth/v2/authorize') return this.#authorize(query);
    if (path === '/api/oauth.v2.access') return said(this.#redeem({ ...fields, ...basic(headers.authorization) }));
    if (path === '/api/auth.revoke' && token === this.#workspace.token) return said(this.#end());
    return undefined;
  }

  /** The page on which somebody agrees. With `login` it is agreed at once; an empty one says no. */
  #authorize(query: URLSearchParams): Answer {
    const redirect = query.get('redirect_uri') ?? '';
    const scopes = (query.get('scope') ?? '').split(',').filter(Boolean);
    if (query.get('client_id') !== CLIENT.id || !URL.canParse(redirect) || scopes.length === 0)
      return page(400, 'Something is wrong with the link: client_id, redirect_uri or scope.');
    const login = query.get('login');
    if (login === null) return page(200, `<h2>${this.#workspace.team.name}</h2>${peopleOf(this.#workspace, query)}`);
    const member = [...this.#workspace.members.values()].find(({ name, isBot }) => name === login && !isBot);
    const back = new URL(redirect);
    // A workspace's codes begin with its id, so that what stands before several knows whose one is.
    const code = `${this.#workspace.team.id}.${randomBytes(16).toString('hex')}`;
    if (member) this.#codes.set(code, { user: member.id, redirect, scopes });
    if (member) back.searchParams.set('code', code);
    else back.searchParams.set('error', 'access_denied');
    back.searchParams.set('state', query.get('state') ?? '');
    return { status: 302, headers: { location: back.href }, body: '' };
  }

  /** Installs the app. One that is installed keeps its token, as on Slack. */
  #redeem(fields: Wire): Wire {
    if (fields.client_id !== CLIENT.id) return { ok: false, error: 'invalid_client_id' };
    if (fields.client_secret !== CLIENT.secret) return { ok: false, error: 'bad_client_secret' };
    const code = String(fields.code);
    const grant = this.#codes.get(code);
    if (!grant) return { ok: false, error: 'invalid_code' };
    if (fields.redirect_uri !== grant.redirect) return { ok: false, error: 'bad_redirect_uri' };
    this.#codes.delete(code);
    const workspace = this.#workspace;
    if (workspace.app !== 'installed') workspace.token = newToken();
    workspace.app = 'installed';
    workspace.scopes = new Set([...workspace.scopes, ...grant.scopes]);
    return { ok: true, ...this.#told(grant) };
  }

  /** https://docs.slack.dev/reference/methods/oauth.v2.access */
  #told({ user, scopes }: Grant): Wire {
    const { team, bot, token } = this.#workspace;
    const { orgWide } = this.#options;
    return {
      app_id: APP_ID,
      authed_user: { id: user },
      scope: scopes.join(','),
      token_type: 'bot',
      access_token: token,
      bot_user_id: bot.id,
      team: orgWide ? null : { id: team.id, name: team.name },
      enterprise: orgWide ? { id: 'E0SAMPLE', name: 'Sample Holding' } : null,
      is_enterprise_install: orgWide,
    };
  }

  #end(): Wire {
    if (this.#workspace.app !== 'installed') return { ok: false, error: 'token_revoked' };
    this.#revoke();
    return { ok: true, revoked: true };
  }
}

/** The app's id and secret, where they come as Slack would rather have them: in the header. */
function basic(authorization: string | undefined): Wire {
  const text = /^Basic (\S+)$/i.exec(authorization ?? '')?.[1];
  if (text === undefined) return {};
  const [id, secret] = Buffer.from(text, 'base64').toString('utf8').split(':');
  return { client_id: id, client_secret: secret };
}
