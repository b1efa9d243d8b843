import { z } from 'zod';
import { endSessions, seeSessions, signIn } from '#auth/sessions.ts';
import { toRfc3339 } from '#core/clock.ts';
import { describeDevice } from '#http/device.ts';
import type { App } from '#http/app.ts';
import { readAsStranger, type Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { Account, IdParams, Nothing, Session } from '#http/shapes.ts';

/** Signing in and out, and the list of devices. */
export function sessionRoutes(app: App, hall: Hall, callers: Callers): void {
  app.post(
    '/v1/sessions',
    { schema: { tags: ['sessions'], body: Pair, response: { 201: Opened } } },
    async (request, reply) => {
      await readAsStranger(hall, request);
      const { username, password, shared } = request.body;
      const device = describeDevice(request.headers['user-agent']);
      const opened = await signIn(hall.auth, {
        username,
        password,
        shared: shared ?? false,
        device,
        address: request.ip,
      });
      callers.setCookie(reply, opened.token, shared ?? false);
      const { id, name } = opened.account;
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({
          token: opened.token,
          account: { id, username: opened.account.username, name },
          idleExpiresAt: toRfc3339(opened.idleExpiresAt),
        });
    },
  );

  app.get(
    '/v1/sessions',
    { schema: { tags: ['sessions'], response: { 200: z.object({ sessions: z.array(Session) }) } } },
    async (request) => {
      const session = await callers.need(request);
      const rows = await seeSessions(hall.auth, session.account);
      return {
        sessions: rows.map(({ id, device, createdAt, lastSeenAt }) => {
          const times = { createdAt: toRfc3339(createdAt), lastSeenAt: toRfc3339(lastSeenAt) };
          return { id, device, ...times, current: id === session.id };
        }),
      };
    },
  );

  app.delete('/v1/sessions', { schema: { tags: ['sessions'], response: { 204: Nothing } } }, async (request, reply) => {
    const session = await callers.need(request);
    await endSessions(hall.auth, session.account);
    callers.clearCookie(reply);
    return reply.code(204).send(null);
  });

  app.delete(
    '/v1/sessions/:id',
    { schema: { tags: ['sessions'], params: IdParams, response: { 204: Nothing } } },
    async (request, reply) => {
      const session = await callers.need(request);
      const { id } = request.params;
      const ended = id === 'current' ? session.id : id;
      await endSessions(hall.auth, session.account, ended);
      if (ended === session.id) callers.clearCookie(reply);
      return reply.code(204).send(null);
    },
  );
}

const Pair = z.strictObject({
  username: z.string().max(100),
  password: z.string().max(5_000),
  shared: z.boolean().optional(),
});
const Opened = z.object({ token: z.string(), account: Account, idleExpiresAt: z.iso.datetime() });
