import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  beginDevice,
  grantDevice,
  lookAtDevice,
  pollDevice,
  refuseDevice,
  type DeviceParts,
  type NotYet,
  type Typist,
} from '#auth/device-flow.ts';
import { toRfc3339 } from '#core/clock.ts';
import { AppError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { SCOPES } from '#core/scopes.ts';
import type { App } from '#http/app.ts';
import { readAsStranger, type Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { oauthProblems } from '#http/problems.ts';
import { publicUrlOf } from '#http/public-url.ts';
import { line, Nothing } from '#http/shapes.ts';
import { Scopes, TokenDays } from './tokens.ts';

const tags = ['device'];

/** Programs that sign in by their person's browser: RFC 8628. They end with an API token. */
export async function deviceRoutes(app: App, hall: Hall, callers: Callers): Promise<void> {
  const parts: DeviceParts = { storage: hall.auth.storage, clock: hall.auth.clock, rates: hall.rates };
  await app.register(async (own) => {
    // The RFC's own kind of body, at these two addresses and nowhere else.
    own.addContentTypeParser(FORM, { parseAs: 'string' }, async (_: unknown, body: string) =>
      Object.fromEntries(new URLSearchParams(body)),
    );
    oauthProblems(own);
    beginRoute(own as App, hall, parts);
    tokenRoute(own as App, hall, parts);
  });
  metadataRoute(app, hall);
  personRoutes(app, callers, parts);
}

/** So that OAuth's libraries find the addresses by themselves. https://www.rfc-editor.org/rfc/rfc8414 */
function metadataRoute(app: App, hall: Hall): void {
  app.get(
    '/.well-known/oauth-authorization-server',
    { schema: { tags, response: { 200: Metadata } } },
    async (request) => {
      const issuer = publicUrlOf(request, hall.settings);
      return {
        issuer,
        device_authorization_endpoint: `${issuer}/v1/device/code`,
        token_endpoint: `${issuer}/v1/device/token`,
        grant_types_supported: [DEVICE_GRANT],
        scopes_supported: [...SCOPES],
        response_types_supported: [],
        token_endpoint_auth_methods_supported: ['none'],
      };
    },
  );
}

const FORM = 'application/x-www-form-urlencoded';
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

function beginRoute(app: App, hall: Hall, parts: DeviceParts): void {
  app.post('/v1/device/code', { schema: { tags, body: Begin, response: { 200: Begun } } }, async (request, reply) => {
    await readAsStranger(hall, request);
    const { deviceCode, userCode } = await beginDevice(parts, { ...request.body, address: request.ip });
    const page = `${publicUrlOf(request, hall.settings)}/device`;
    return reply.header('cache-control', 'no-store').send({
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: page,
      verification_uri_complete: `${page}?code=${userCode}`,
      expires_in: LIMITS.deviceSeconds,
      interval: LIMITS.deviceInterval,
    });
  });
}

function tokenRoute(app: App, hall: Hall, parts: DeviceParts): void {
  app.post('/v1/device/token', { schema: { tags, body: Poll, response: { 200: Granted } } }, async (request, reply) => {
    await readAsStranger(hall, request);
    const polled = await pollDevice(parts, request.body.device_code);
    if ('error' in polled) throw notYet(polled.error);
    const { token, scopes, expiresAt } = polled.token;
    const left = expiresAt === null ? {} : { expires_in: Math.floor((expiresAt - parts.clock()) / 1000) };
    return reply
      .header('cache-control', 'no-store')
      .send({ access_token: token, token_type: 'Bearer', scope: scopes.join(' '), ...left });
  });
}

/** What the person does, on our page. */
function personRoutes(app: App, callers: Callers, parts: DeviceParts): void {
  const typist = async (request: FastifyRequest): Promise<Typist> => {
    const { account } = await callers.need(request);
    return { account, address: request.ip };
  };

  app.post('/v1/device/request', { schema: { tags, body: Typed, response: { 200: Request } } }, async (request) => {
    const { createdAt, expiresAt, ...asked } = await lookAtDevice(parts, await typist(request), request.body.code);
    return { ...asked, createdAt: toRfc3339(createdAt), expiresAt: toRfc3339(expiresAt) };
  });

  app.post(
    '/v1/device/grant',
    { schema: { tags, body: Grant, response: { 204: Nothing } } },
    async (request, reply) => {
      const { code, days, scopes } = request.body;
      await grantDevice(parts, await typist(request), { typed: code, days, ...(scopes && { scopes }) });
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/v1/device/refuse',
    { schema: { tags, body: Typed, response: { 204: Nothing } } },
    async (request, reply) => {
      await refuseDevice(parts, await typist(request), request.body.code);
      return reply.code(204).send(null);
    },
  );
}

const name = line(LIMITS.tokenName);

/** Ours in JSON, or the RFC's own in a form, where what is not known does no harm. */
const Begin = z.union([
  z.strictObject({ client: name, scopes: Scopes.default(['read']) }),
  z
    .object({ client_id: name, scope: z.string().max(200).default('read') })
    .transform(({ client_id, scope }) => ({ client: client_id, scopes: scope.split(' ').filter(Boolean) }))
    .pipe(z.object({ client: name, scopes: Scopes })),
]);
const deviceCode = z.string().min(1).max(200);
const Poll = z.union([
  z.strictObject({ device_code: deviceCode, grant_type: z.literal(DEVICE_GRANT).optional() }),
  z.object({ device_code: deviceCode, grant_type: z.literal(DEVICE_GRANT) }),
]);
const Metadata = z.object({
  issuer: z.string(),
  device_authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  grant_types_supported: z.array(z.string()),
  scopes_supported: z.array(z.enum(SCOPES)),
  response_types_supported: z.array(z.string()),
  token_endpoint_auth_methods_supported: z.array(z.string()),
});
const Begun = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.string(),
  verification_uri_complete: z.string(),
  expires_in: z.number(),
  interval: z.number(),
});
const Granted = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  scope: z.string(),
  expires_in: z.number().optional(),
});
const Typed = z.strictObject({ code: z.string().min(1).max(40) });
const Grant = z.strictObject({
  code: z.string().min(1).max(40),
  scopes: Scopes.optional().describe('some of those that are asked for; all where left out'),
  days: TokenDays.default(LIMITS.tokenDaysDefault),
});
const time = z.iso.datetime();
const Request = z.object({ client: z.string(), scopes: z.array(z.enum(SCOPES)), createdAt: time, expiresAt: time });

const WORDS: Record<NotYet, string> = {
  authorization_pending: 'The person has not answered yet. Ask again.',
  slow_down: 'That was too soon. Wait five seconds longer between two questions.',
  access_denied: 'The person turned this program away.',
  expired_token: 'The person did not answer in time. Begin again.',
  invalid_grant: 'There is no such sign-in. It may have ended, or its token was fetched already.',
};

function notYet(error: NotYet): AppError {
  return new AppError({ status: 400, code: error.replaceAll('_', '-'), detail: WORDS[error], oauth: error });
}
