import { z } from 'zod';
import { changePassword } from '#auth/change-password.ts';
import type { App } from '#http/app.ts';
import type { Callers } from '#http/callers.ts';
import type { Hall } from '#http/hall.ts';
import { Nothing } from '#http/shapes.ts';

/** One's own password, changed by whoever knows the one that holds. */
export function passwordRoute(app: App, hall: Hall, callers: Callers): void {
  app.put(
    '/v1/me/password',
    { schema: { tags: ['people'], body: NewPassword, response: { 204: Nothing } } },
    async (request, reply) => {
      const session = await callers.need(request);
      const { current, new: wanted } = request.body;
      const change = { new: wanted, address: request.ip, ...(current !== undefined && { current }) };
      await changePassword(hall.auth, session, change);
      return reply.code(204).send(null);
    },
  );
}

const NewPassword = z.strictObject({
  current: z.string().max(5_000).optional().describe('the current password; left out by who has none yet'),
  new: z.string().max(5_000),
});
