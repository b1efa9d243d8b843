import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Session } from '#auth/sessions.ts';
import { enterCommunity } from '#chat/chat.ts';
import { SECRET_BYTES } from '#contracts/vault.ts';
import { toRfc3339 } from '#core/clock.ts';
import type { Action } from '#core/permission.ts';
import { needUse } from '#core/rate.ts';
import { SecretPurpose, type SecretFacts } from '#core/secret.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { IdParams, Nothing, SecretList } from '#http/shapes.ts';

/** What people and communities entrust: stored, listed, checked, forgotten. No answer ever holds a value. */
export function secretRoutes(app: App, hall: Hall, callers: Callers): void {
  const mine: Place = {
    path: '/v1/me/secrets',
    named: z.object({ purpose: SecretPurpose }),
    async enter(request) {
      const session = await callers.need(request);
      return { session, owner: session.account };
    },
  };
  const ofCommunity: Place = {
    path: '/v1/communities/:id/secrets',
    params: IdParams,
    named: IdParams.extend({ purpose: SecretPurpose }),
    async enter(request, action) {
      const session = await callers.need(request);
      const { id } = request.params as z.infer<typeof IdParams>;
      await enterCommunity(hall.chat, session, id, action);
      return { session, owner: id };
    },
  };
  for (const place of [mine, ofCommunity]) {
    listRoute(app, hall, place);
    setRoute(app, hall, place);
    checkRoute(app, hall, place);
    forgetRoute(app, hall, place);
  }
}

/** Whose secrets, at which address. */
interface Place {
  path: string;
  params?: typeof IdParams;
  named: z.ZodType<{ purpose: string }>;
  /** Who asks and whose they are; throws where they may not. */
  enter(request: FastifyRequest, action: Action): Promise<{ session: Session; owner: string }>;
}

const tags = ['secrets'];

function listRoute(app: App, hall: Hall, { path, params, enter }: Place): void {
  const schema = { tags, ...(params && { params }), response: { 200: SecretList } };
  app.get(path, { schema }, async (request) => {
    const { session, owner } = await enter(request, 'secret.list');
    const [secrets, { state, why }] = await Promise.all([hall.secrets.list(owner), hall.secrets.health()]);
    // Why is for whoever can do something: it may name files of the server.
    return { secrets: secrets.map(shape), vault: { state, ...(session.operator && why !== undefined && { why }) } };
  });
}

function setRoute(app: App, hall: Hall, { path, named, enter }: Place): void {
  app.put(
    `${path}/:purpose`,
    { schema: { tags, params: named, body: NewSecret, response: { 204: Nothing } } },
    async (request, reply) => {
      const { value } = request.body;
      // From here on nothing that is handed the request, an error or a log line among them, can hold the value.
      (request as { body: unknown }).body = undefined;
      const { session, owner } = await enter(request, 'secret.change');
      await needUse(hall.rates, `post ${session.account}`, hall.settings.limits.post);
      await hall.secrets.set({ owner, purpose: request.params.purpose }, value, session.account);
      return reply.code(204).send(null);
    },
  );
}

function checkRoute(app: App, hall: Hall, { path, named, enter }: Place): void {
  app.post(
    `${path}/:purpose/check`,
    { schema: { tags, params: named, response: { 204: Nothing } } },
    async (request, reply) => {
      const { session, owner } = await enter(request, 'secret.change');
      await needUse(hall.rates, `post ${session.account}`, hall.settings.limits.post);
      await hall.secrets.check({ owner, purpose: request.params.purpose }, session.account);
      return reply.code(204).send(null);
    },
  );
}

function forgetRoute(app: App, hall: Hall, { path, named, enter }: Place): void {
  app.delete(
    `${path}/:purpose`,
    { schema: { tags, params: named, response: { 204: Nothing } } },
    async (request, reply) => {
      const { session, owner } = await enter(request, 'secret.change');
      await hall.secrets.forget({ owner, purpose: request.params.purpose }, session.account);
      return reply.code(204).send(null);
    },
  );
}

/** Its sentences never quote what came: a field's name may be the secret, put in the wrong place. */
const NewSecret = z.strictObject(
  {
    value: z
      .string({ error: 'must be text' })
      .min(1, { error: 'must not be empty' })
      .max(SECRET_BYTES, { error: `must be text of ${SECRET_BYTES} bytes of UTF-8 at most` })
      .refine(isText, { error: `must be text of ${SECRET_BYTES} bytes of UTF-8 at most` }),
  },
  { error: 'The body is {"value": "…"} and nothing else.' },
);

function isText(value: string): boolean {
  return value.isWellFormed() && Buffer.byteLength(value) <= SECRET_BYTES;
}

function shape({
  purpose,
  setAt,
  lastUsedAt,
  lastUsedBy,
  lost,
}: SecretFacts): z.infer<typeof SecretList>['secrets'][number] {
  const used = lastUsedAt === null ? null : toRfc3339(lastUsedAt);
  return { purpose, setAt: toRfc3339(setAt), lastUsedAt: used, lastUsedBy, ...(lost && { lost }) };
}
