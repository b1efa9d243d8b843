import { z } from 'zod';
import { memberships, rename } from '#auth/profile.ts';
import { createAccount } from '#auth/sign-up.ts';
import type { Session } from '#auth/sessions.ts';
import { LIMITS } from '#core/limits.ts';
import type { App } from '#http/app.ts';
import { readAsStranger, type Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { Account, Me, line } from '#http/shapes.ts';

/** Accounts, and oneself. */
export function accountRoutes(app: App, hall: Hall, callers: Callers): void {
  app.post(
    '/v1/accounts',
    { schema: { tags: ['people'], body: NewAccount, response: { 201: z.object({ account: Account }) } } },
    async (request, reply) => {
      await readAsStranger(hall, request);
      const { username, password, name, invite } = request.body;
      const newcomer = { username, password, ...(name !== undefined && { name }) };
      const right = { by: 'outside', address: request.ip, ...(invite !== undefined && { invite }) } as const;
      const account = await createAccount(hall.auth, newcomer, right);
      return reply.code(201).send({ account: { id: account.id, username: account.username, name: account.name } });
    },
  );

  app.get('/v1/me', { schema: { tags: ['people'], response: { 200: Me } } }, async (request) =>
    me(hall, await callers.need(request)),
  );

  app.patch(
    '/v1/me',
    { schema: { tags: ['people'], body: z.strictObject({ name: line(LIMITS.personName) }), response: { 200: Me } } },
    async (request) => {
      const session = await callers.need(request);
      await rename(hall.auth, session.account, request.body.name);
      return me(hall, { ...session, name: request.body.name });
    },
  );
}

const NewAccount = z.strictObject({
  username: z.string().max(100),
  password: z.string().max(5_000),
  name: line(LIMITS.personName).optional(),
  invite: z.string().max(100).optional(),
});

async function me(hall: Hall, session: Session): Promise<z.infer<typeof Me>> {
  const { account: id, username, name, operator } = session;
  return { account: { id, username, name }, operator, communities: await memberships(hall.auth, id) };
}
