import { z } from 'zod';
import { endSessions, seeSessions, signIn, type SessionRow } from '#auth/sessions.ts';
import { endSecondStep } from '#auth/oidc-sign-in.ts';
import { toRfc3339 } from '#core/clock.ts';
import { describeDevice } from '#http/device.ts';
import { attemptOf, clearAttempt } from '#http/attempt-cookie.ts';
import type { App } from '#http/app.ts';
import { readAsStranger, type Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { Account, IdParams, Nothing, Session } from '#http/shapes.ts';

/** Signing in and out, and the list of devices. */
export function sessionRoutes(app: App, hall: Hall, callers: Callers): void {
  openingRoutes(app, hall, callers);
  const { idleMinutes } = hall.auth;

  app.get(
    '/v1/sessions',
    { schema: { tags: ['sessions'], response: { 200: z.object({ sessions: z.array(Session) }) } } },
    async (request) => {
      const session = await callers.need(request);
      const rows = await seeSessions(hall.auth, session.account);
      return { sessions: rows.map((row) => shape(row, { current: row.id === session.id, idleMinutes })) };
    },
  );

  app.delete(
    '/v1/sessions',
    { schema: { tags: ['sessions'], querystring: Which, response: { 204: Nothing } } },
    async (request, reply) => {
      const session = await callers.need(request);
      const others = request.query.keep === 'current';
      await endSessions(hall.auth, session.account, others ? { but: session.id } : {});
      if (!others) callers.clearCookie(reply);
      return reply.code(204).send(null);
    },
  );

  app.delete(
    '/v1/sessions/:id',
    { schema: { tags: ['sessions'], params: IdParams, response: { 204: Nothing } } },
    async (request, reply) => {
      const session = await callers.need(request);
      const { id } = request.params;
      const ended = id === 'current' ? session.id : id;
      await endSessions(hall.auth, session.account, { id: ended });
      if (ended === session.id) callers.clearCookie(reply);
      return reply.code(204).send(null);
    },
  );
}

function openingRoutes(app: App, hall: Hall, callers: Callers): void {
  app.post(
    '/v1/sessions',
    { schema: { tags: ['sessions'], body: Pair, response: { 201: Opened } } },
    async (request, reply) => {
      await readAsStranger(hall, request);
      const { username, password, code, shared = false } = request.body;
      const who = { device: describeDevice(request.headers['user-agent']), address: request.ip };
      const opened = await signIn(hall.auth, {
        username,
        password,
        shared,
        ...who,
        ...(code !== undefined && { code }),
      });
      callers.setCookie(reply, opened.token, shared);
      return reply.code(201).header('cache-control', 'no-store').send(openedShape(opened));
    },
  );

  app.post(
    '/v1/sessions/second-step',
    { schema: { tags: ['sessions'], body: z.strictObject({ code: SecondCode }), response: { 201: Opened } } },
    async (request, reply) => {
      await readAsStranger(hall, request);
      const who = { device: describeDevice(request.headers['user-agent']), address: request.ip };
      const sealed = attemptOf(request, hall.settings);
      const opened = await endSecondStep(hall.auth, { sealed, code: request.body.code, ...who });
      clearAttempt(reply, hall.settings);
      callers.setCookie(reply, opened.token, opened.shared);
      return reply.code(201).header('cache-control', 'no-store').send(openedShape(opened));
    },
  );
}

function openedShape({ token, account, idleExpiresAt }: Awaited<ReturnType<typeof signIn>>): z.infer<typeof Opened> {
  const { id, username, name } = account;
  return { token, account: { id, username, name }, idleExpiresAt: toRfc3339(idleExpiresAt) };
}

export const SecondCode = z.string().max(40).describe('of the second factor, or a recovery code');
const Pair = z.strictObject({
  username: z.string().max(100),
  password: z.string().max(5_000),
  code: SecondCode.optional(),
  shared: z.boolean().optional(),
});
const Which = z.strictObject({ keep: z.literal('current').optional().describe('ends all sessions but this one') });
const Opened = z.object({ token: z.string(), account: Account, idleExpiresAt: z.iso.datetime() });

function shape(row: SessionRow, { current, idleMinutes }: { current: boolean; idleMinutes: number }) {
  const { id, device, createdAt, lastSeenAt, idleMs } = row;
  // An open connection keeps a session: one of now ends later than this.
  const times = { createdAt: toRfc3339(createdAt), lastSeenAt: toRfc3339(lastSeenAt) };
  const ends = toRfc3339(Math.min(row.expiresAt, lastSeenAt + idleMs));
  return { id, device, ...times, idleExpiresAt: ends, shared: idleMs < idleMinutes * 60_000, current };
}
