import type { FastifyRequest } from 'fastify';
import type { Session } from '#auth/sessions.ts';
import type { AppError } from '#core/errors.ts';
import { whyNotProgram, whyNotScope } from '#core/permission.ts';
import type { Scope } from '#core/scopes.ts';

/** What a route asks of a token. `any`: every token will do; `session`: no token does; `open`: nobody is asked who they are. */
export type RouteScope = Scope | 'any' | 'session' | 'open';

/** Every route, as `/openapi.json` names it. For tokens one that is missing here is as `session`, and a test fails. */
export const ROUTE_SCOPES: Record<string, RouteScope> = {
  'GET /v1/hall': 'open',
  'GET /health/live': 'open',
  'GET /health/ready': 'open',
  'POST /v1/accounts': 'open',
  'POST /v1/sessions': 'open',
  'GET /v1/invites/{code}': 'open',
  'GET /v1/signin/oidc': 'open',
  'GET /v1/signin/oidc/callback': 'open',
  'GET /.well-known/oauth-authorization-server': 'open',
  'POST /v1/device/code': 'open',
  'POST /v1/device/token': 'open',
  'POST /v1/device/request': 'session',
  'POST /v1/device/grant': 'session',
  'POST /v1/device/refuse': 'session',

  'POST /v1/sessions/second-step': 'open',
  'GET /v1/me/sign-in': 'session',
  'POST /v1/me/second-factor': 'session',
  'POST /v1/me/second-factor/confirm': 'session',
  'POST /v1/me/second-factor/recovery-codes': 'session',
  'DELETE /v1/me/second-factor': 'session',
  'POST /v1/password-resets': 'open',
  'POST /v1/password-resets/{token}': 'open',
  'POST /v1/email-verifications/{token}': 'open',
  'PUT /v1/me/email': 'session',
  'DELETE /v1/me/email': 'session',

  'GET /v1/me': 'any',
  'PATCH /v1/me': 'me',
  'DELETE /v1/me': 'session',
  'GET /v1/me/export': 'me',
  'GET /v1/me/export/kept': 'me',
  'PUT /v1/me/password': 'session',
  'GET /v1/me/tokens': 'me',
  'POST /v1/me/tokens': 'session',
  'DELETE /v1/me/tokens/{id}': 'any',
  'GET /v1/me/identities': 'me',
  'POST /v1/me/identities': 'session',
  'POST /v1/me/identities/codes': 'session',
  'GET /v1/me/identities/{platform}/link': 'session',
  'GET /v1/me/identities/{platform}/callback': 'session',
  'DELETE /v1/me/identities/{platform}/{platformId}': 'session',
  'GET /v1/me/identities/oidc/link': 'session',
  'GET /v1/me/secrets': 'me',
  'PUT /v1/me/secrets/{purpose}': 'me',
  'POST /v1/me/secrets/{purpose}/check': 'me',
  'DELETE /v1/me/secrets/{purpose}': 'me',
  'GET /v1/sessions': 'me',
  'DELETE /v1/sessions': 'session',
  'DELETE /v1/sessions/{id}': 'session',

  'GET /v1/communities': 'read',
  'POST /v1/communities': 'manage',
  'PATCH /v1/communities/{id}': 'manage',
  'DELETE /v1/communities/{id}': 'session',
  'GET /v1/communities/{id}/overview': 'manage',
  'POST /v1/communities/{id}/failed-jobs/{job}/retry': 'manage',
  'DELETE /v1/communities/{id}/failed-jobs/{job}': 'manage',
  'GET /v1/communities/{id}/members': 'read',
  'PATCH /v1/communities/{id}/members/{account}': 'manage',
  'DELETE /v1/communities/{id}/members/{account}': 'manage',
  'GET /v1/communities/{id}/people': 'read',
  'GET /v1/communities/{id}/commands': 'read',
  'PUT /v1/communities/{id}/commands/{name}': 'manage',
  'GET /v1/communities/{id}/commands/{name}/why': 'manage',
  'GET /v1/communities/{id}/spaces': 'read',
  'POST /v1/communities/{id}/spaces': 'manage',
  'DELETE /v1/communities/{id}/spaces/{space}': 'manage',
  'GET /v1/communities/{id}/role-mappings': 'read',
  'PUT /v1/communities/{id}/role-mappings': 'manage',
  'PATCH /v1/communities/{id}/spaces/{space}': 'manage',
  'GET /v1/communities/{id}/standing': 'read',
  'GET /v1/communities/{id}/sanctions': 'manage',
  'POST /v1/communities/{id}/sanctions': 'manage',
  'DELETE /v1/communities/{id}/sanctions/{sanction}': 'manage',
  'PUT /v1/communities/{id}/lockdown': 'manage',
  'GET /v1/communities/{id}/moderation-log': 'manage',
  'GET /v1/communities/{id}/word-rules': 'manage',
  'POST /v1/communities/{id}/word-rules': 'manage',
  'DELETE /v1/communities/{id}/word-rules/{rule}': 'manage',
  'GET /v1/communities/{id}/reports': 'manage',
  'POST /v1/communities/{id}/reports/{report}/settle': 'manage',
  'GET /v1/communities/{id}/held': 'manage',
  'POST /v1/communities/{id}/held/{held}/approve': 'manage',
  'POST /v1/communities/{id}/held/{held}/refuse': 'manage',
  'POST /v1/messages/{id}/report': 'post',
  'GET /v1/communities/{id}/secrets': 'manage',
  'PUT /v1/communities/{id}/secrets/{purpose}': 'manage',
  'POST /v1/communities/{id}/secrets/{purpose}/check': 'manage',
  'DELETE /v1/communities/{id}/secrets/{purpose}': 'manage',
  'GET /v1/communities/{id}/audit': 'manage',
  'GET /v1/communities/{id}/audit/export': 'manage',
  'POST /v1/invites/{code}/accept': 'session',
  'GET /v1/communities/{id}/invites': 'manage',
  'POST /v1/communities/{id}/invites': 'manage',
  'DELETE /v1/communities/{id}/invites/{invite}': 'manage',
  'GET /v1/communities/{id}/webhooks': 'manage',
  'POST /v1/communities/{id}/webhooks': 'manage',
  'POST /v1/communities/{id}/webhooks/{webhook}/rotate': 'manage',
  'DELETE /v1/communities/{id}/webhooks/{webhook}': 'manage',
  'POST /v1/hooks/{id}/{secret}': 'open',
  'GET /v1/invites': 'manage',
  'POST /v1/invites': 'manage',
  'DELETE /v1/invites/{id}': 'manage',

  'GET /v1/search': 'read',
  'GET /v1/rooms': 'read',
  'POST /v1/rooms': 'manage',
  'PATCH /v1/rooms/{id}': 'manage',
  'DELETE /v1/rooms/{id}': 'manage',
  'GET /v1/rooms/{id}/people': 'read',
  'GET /v1/rooms/{id}/members': 'read',
  'GET /v1/rooms/{id}/members/{account}': 'read',
  'PUT /v1/rooms/{id}/members/{account}': 'manage',
  'DELETE /v1/rooms/{id}/members/{account}': 'manage',
  'GET /v1/rooms/{id}/messages': 'read',
  'POST /v1/rooms/{id}/messages': 'post',
  'POST /v1/rooms/{id}/read': 'post',
  'PATCH /v1/messages/{id}': 'post',
  'DELETE /v1/messages/{id}': 'post',
  'GET /v1/live': 'read',

  'GET /v1/commands': 'commands',
  'POST /v1/commands/{name}': 'commands',
  'GET /v1/jobs/{id}': 'commands',

  'GET /v1/operator/audit': 'manage',
  'GET /v1/operator/accounts': 'manage',
  'POST /v1/operator/accounts/{id}/disable': 'manage',
  'POST /v1/operator/accounts/{id}/enable': 'manage',
  'GET /v1/operator/communities': 'manage',
  'GET /v1/operator/dead': 'manage',
  'POST /v1/operator/dead/{id}/retry': 'manage',
  'DELETE /v1/operator/dead/{id}': 'manage',
};

/** Why a caller's token is not good for the route of a request; undefined where it is, and for sessions. */
export function whyNotRoute(session: Session, request: FastifyRequest): AppError | undefined {
  if (session.scopes === undefined) return undefined;
  const scope = scopeOf(request.method, request.routeOptions.url ?? '');
  if (scope === 'any' || scope === 'open') return undefined;
  return scope === 'session' ? whyNotProgram(session.scopes) : whyNotScope(session.scopes, scope);
}

function scopeOf(method: string, url: string): RouteScope {
  const path = url.replaceAll(/:(\w+)/g, '{$1}');
  return ROUTE_SCOPES[`${method === 'HEAD' ? 'GET' : method} ${path}`] ?? 'session';
}
