import { agreePage, approvedPage } from './oauth-pages.ts';
import { type Answer, type Asked, failure, type Route, type Router } from './rest.ts';
import { type Access, remember, secretOf } from './tokens.ts';
import { findAccount } from './world.ts';

/** The sign-in server: https://dev.twitch.tv/docs/authentication/. A second address is that of Twitch's local mock. */
export const oauthRouter: Router = (method, path) => ROUTES[`${method} ${path.replace(/^\/auth\//, '/oauth2/')}`];

const ROUTES: Record<string, Route> = {
  'POST /oauth2/token': token,
  'GET /oauth2/validate': validate,
  'POST /oauth2/revoke': revoke,
  'GET /oauth2/authorize': authorize,
  'POST /oauth2/device': device,
  'GET /activate': activate,
};

/** The fields of the form; Twitch takes them from the query too. */
const field = ({ body, query }: Asked, name: string): string => String(body[name] ?? query.get(name) ?? '');

const refuse = ({ path }: Asked, status: number, message: string): Answer => failure(path, status, message);

function token(asked: Asked): Answer {
  const grant = GRANTS[field(asked, 'grant_type')];
  if (!grant) return refuse(asked, 400, field(asked, 'grant_type') ? 'Invalid grant type' : 'missing grant type');
  const app = field(asked, 'client_id');
  if (app === '') return refuse(asked, 400, 'missing client id');
  if (!asked.hub.tokens.knowsApp(app)) return refuse(asked, 400, 'invalid client');
  return grant(asked, app);
}

const GRANTS: Record<string, (asked: Asked, app: string) => Answer> = {
  refresh_token: withSecret(refresh),
  client_credentials: withSecret((asked, app) => ({
    status: 200,
    body: { ...appBody(asked.hub.tokens.issue(app, []), asked) },
  })),
  authorization_code: withSecret(redeem),
  'urn:ietf:params:oauth:grant-type:device_code': redeemDevice,
};

type Grantee = (asked: Asked, app: string) => Answer;

function withSecret(next: Grantee): Grantee {
  return (asked, app) => {
    const secret = field(asked, 'client_secret');
    if (secret === '') return refuse(asked, 400, 'missing client secret');
    return asked.hub.tokens.isSecret(app, secret) ? next(asked, app) : refuse(asked, 403, 'invalid client secret');
  };
}

const appBody = ({ token: made }: Access, { hub }: Asked): Record<string, unknown> => ({
  access_token: made,
  expires_in: hub.tokens.settings.lifetime,
  token_type: 'bearer',
});

const userAnswer = (asked: Asked, access: Access, refreshToken: string): Answer => ({
  status: 200,
  body: { ...appBody(access, asked), refresh_token: refreshToken, scope: access.scopes },
});

/** https://dev.twitch.tv/docs/authentication/refresh-tokens/ */
function refresh(asked: Asked, app: string): Answer {
  const { tokens } = asked.hub;
  const old = field(asked, 'refresh_token');
  if (old === '') return refuse(asked, 400, 'missing refresh token');
  const grant = tokens.grantOf(old, app);
  if (!grant) return { status: 400, body: { error: 'Bad Request', status: 400, message: 'Invalid refresh token' } };
  const kept = tokens.settings.rotate ? tokens.keepGrant(grant) : old;
  if (tokens.settings.rotate) tokens.grants.refresh.delete(old);
  return userAnswer(asked, tokens.issue(app, grant.scopes, grant.account), kept);
}

function redeem(asked: Asked, app: string): Answer {
  const { tokens } = asked.hub;
  const code = field(asked, 'code');
  const grant = tokens.grants.codes.get(code);
  if (!grant || grant.app !== app) return refuse(asked, 400, 'Invalid authorization code');
  if (grant.redirect !== field(asked, 'redirect_uri')) return refuse(asked, 400, WRONG_REDIRECT);
  tokens.grants.codes.delete(code);
  return userAnswer(asked, tokens.issue(app, grant.scopes, grant.account), tokens.keepGrant(grant));
}

const WRONG_REDIRECT = 'Parameter redirect_uri does not match registered URI';

function redeemDevice(asked: Asked, app: string): Answer {
  const { tokens } = asked.hub;
  const code = field(asked, 'device_code');
  const waiting = tokens.grants.devices.get(code);
  if (!waiting || waiting.app !== app) return refuse(asked, 400, 'invalid device code');
  if (!waiting.account) return refuse(asked, 400, 'authorization_pending');
  tokens.grants.devices.delete(code);
  const { scopes, account } = waiting;
  return userAnswer(asked, tokens.issue(app, scopes, account), tokens.keepGrant({ app, scopes, account }));
}

/** https://dev.twitch.tv/docs/authentication/validate-tokens/ */
function validate(asked: Asked): Answer {
  const { hub, headers } = asked;
  const [, value = ''] = /^(?:OAuth|Bearer) (\S+)$/i.exec(headers.authorization ?? '') ?? [];
  const access = hub.tokens.find(value);
  if (!access) return refuse(asked, 401, value === '' ? 'missing authorization token' : 'invalid access token');
  const { app, account, scopes, expiresAt } = access;
  const who = account ? { login: account.login, user_id: account.id } : {};
  const expires_in = Math.floor((expiresAt - hub.clock()) / 1_000);
  return { status: 200, body: { client_id: app, scopes: account ? scopes : null, expires_in, ...who } };
}

function revoke(asked: Asked): Answer {
  const { tokens } = asked.hub;
  if (!tokens.knowsApp(field(asked, 'client_id'))) return refuse(asked, 404, 'client does not exist');
  const value = field(asked, 'token');
  if (value === '') return refuse(asked, 400, 'missing oauth token');
  return tokens.revoke(value) ? { status: 200 } : refuse(asked, 400, 'Invalid token');
}

/** The page where a person agrees. With `login` it is agreed at once, as for somebody who agreed before. */
function authorize(asked: Asked): Answer {
  const { hub, query } = asked;
  const redirect = query.get('redirect_uri') ?? '';
  if (!hub.tokens.knowsApp(query.get('client_id') ?? '')) return refuse(asked, 400, 'invalid client');
  if (!mayRedirect(redirect)) return refuse(asked, 400, WRONG_REDIRECT);
  if (query.get('response_type') !== 'code') return refuse(asked, 400, 'invalid response type');
  const login = query.get('login');
  if (login === null) return { status: 200, body: agreePage(asked) };
  return {
    status: 302,
    headers: { location: login === '' ? denied(asked, redirect) : agreed(asked, redirect, login) },
  };
}

/** Twitch takes https, and http on the own machine. */
function mayRedirect(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1'].includes(hostname));
}

function agreed({ hub, query }: Asked, redirect: string, login: string): string {
  const account = findAccount(hub.world, login);
  if (!account) return redirect;
  const scope = query.get('scope') ?? '';
  const code = secretOf(30);
  const grant = { app: query.get('client_id') ?? '', account, scopes: scope.split(' ').filter(Boolean), redirect };
  remember(hub.tokens.grants.codes, code, grant);
  return back(redirect, { code, scope, state: query.get('state') });
}

const denied = ({ query }: Asked, redirect: string): string =>
  back(redirect, {
    error: 'access_denied',
    error_description: 'The user denied you access',
    state: query.get('state'),
  });

function back(redirect: string, values: Record<string, string | null>): string {
  const url = new URL(redirect);
  for (const [name, value] of Object.entries(values)) if (value !== null) url.searchParams.set(name, value);
  return url.href;
}

function device(asked: Asked): Answer {
  const { tokens } = asked.hub;
  const app = field(asked, 'client_id');
  if (!tokens.knowsApp(app)) return refuse(asked, 400, 'invalid client');
  const device_code = secretOf(30);
  const user_code = secretOf(8).toUpperCase();
  const scopes = (field(asked, 'scopes') || field(asked, 'scope')).split(' ').filter(Boolean);
  remember(tokens.grants.devices, device_code, { app, userCode: user_code, scopes });
  const verification_uri = `http://${asked.headers.host}/activate?device-code=${user_code}`;
  return { status: 200, body: { device_code, expires_in: 1_800, interval: 5, user_code, verification_uri } };
}

function activate(asked: Asked): Answer {
  const { hub, query } = asked;
  const code = query.get('device-code') ?? '';
  const waiting = [...hub.tokens.grants.devices.values()].find(({ userCode }) => userCode === code);
  if (!waiting) return refuse(asked, 400, 'invalid device code');
  const account = findAccount(hub.world, query.get('login') ?? '');
  if (!account) return { status: 200, body: agreePage(asked) };
  waiting.account = account;
  return { status: 200, body: approvedPage };
}
