import { z } from 'zod';
import { endToken, makeToken, seeTokens, type Token } from '#auth/tokens.ts';
import { toRfc3339 } from '#core/clock.ts';
import { LIMITS } from '#core/limits.ts';
import { whyNotProgram } from '#core/permission.ts';
import { SCOPE_WORDS, SCOPES } from '#core/scopes.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { IdParams, line, Nothing } from '#http/shapes.ts';

/** Personal API tokens: made, listed, revoked. Only at its making is a token told. */
export function tokenRoutes(app: App, hall: Hall, callers: Callers): void {
  const tags = ['tokens'];

  app.get(
    '/v1/me/tokens',
    { schema: { tags, response: { 200: z.object({ tokens: z.array(Kept) }) } } },
    async (request) => {
      const session = await callers.need(request);
      return { tokens: (await seeTokens(hall.auth, session.account)).map(shape) };
    },
  );

  app.post('/v1/me/tokens', { schema: { tags, body: NewToken, response: { 201: Made } } }, async (request, reply) => {
    const session = await callers.need(request);
    const { token, ...made } = await makeToken(hall.auth, session.account, request.body);
    return reply
      .code(201)
      .header('cache-control', 'no-store')
      .send({ token, ...shape(made) });
  });

  app.delete(
    '/v1/me/tokens/:id',
    { schema: { tags, params: IdParams, response: { 204: Nothing } } },
    async (request, reply) => {
      const session = await callers.need(request);
      const id = request.params.id === 'current' ? session.id : request.params.id;
      // A program may end its own token when it is done, and no other.
      const refusal = id === session.id ? undefined : whyNotProgram(session.scopes);
      if (refusal) throw refusal;
      await endToken(hall.auth, session.account, id);
      return reply.code(204).send(null);
    },
  );
}

const WORDS = SCOPES.map((scope) => `${scope}: ${SCOPE_WORDS[scope]}`).join('; ');

export const Scopes = z.array(z.enum(SCOPES)).min(1).max(SCOPES.length).describe(WORDS);
export const TokenDays = z.number().int().min(1).max(LIMITS.tokenDays);

const NewToken = z.strictObject({
  name: line(LIMITS.tokenName),
  scopes: Scopes,
  days: TokenDays.default(LIMITS.tokenDaysDefault),
});
const time = z.iso.datetime();
const Kept = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  createdAt: time,
  expiresAt: time.nullable(),
  lastUsedAt: time.nullable(),
});
const Made = Kept.extend({ token: z.string().describe('shown this once') });

function shape({ id, name, scopes, createdAt, expiresAt, lastUsedAt }: Token): z.infer<typeof Kept> {
  const times = { expiresAt: orNull(expiresAt), lastUsedAt: orNull(lastUsedAt) };
  return { id, name, scopes, createdAt: toRfc3339(createdAt), ...times };
}

function orNull(at: number | null): string | null {
  return at === null ? null : toRfc3339(at);
}
