import { z } from 'zod';
import { changePassword } from '#auth/change-password.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { Nothing } from '#http/shapes.ts';
import { SecondCode } from './sessions.ts';

/** One's own password, changed by whoever knows the one that holds, and has the second factor where one is on. */
export function passwordRoute(app: App, hall: Hall, callers: Callers): void {
  app.put(
    '/v1/me/password',
    { schema: { tags: ['people'], body: NewPassword, response: { 204: Nothing } } },
    async (request, reply) => {
      const session = await callers.need(request);
      const { current, new: wanted, code } = request.body;
      const typed = { ...(current !== undefined && { current }), ...(code !== undefined && { code }) };
      await changePassword(hall.auth, session, { ...typed, new: wanted, address: request.ip });
      return reply.code(204).send(null);
    },
  );
}

const NewPassword = z.strictObject({
  current: z.string().max(5_000).optional().describe('the current password; left out by who has none yet'),
  new: z.string().max(5_000),
  code: SecondCode.optional(),
});
